import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { readPathList } from "../../../src/batch/path_list.ts";
import { ResultsFile } from "../../../src/batch/results_file.ts";
import { EdgecapError } from "../../../src/errors.ts";
import { readGallery, writeGallery } from "../../../src/watch/gallery.ts";
import { htmlPage, writeHtmlPage } from "../../../src/watch/html_page.ts";
import { type Reader, reader } from "./attack.ts";
import { damagedBytes, damagedJson, damagedText } from "./damage.ts";

const gallery = {
  generator: "edgecap",
  images: {
    "a/1.jpg": {
      size: 9,
      changed: 5.5,
      caption: "a dog",
      concepts: [{ name: "dog", probability: 0.9 }],
      confidence: 1,
    },
    "2.jpg": { size: 9, changed: 5, error: { code: "image-empty", message: "x" } },
  },
};
const page = { ...gallery, images: { "\ud800.jpg": gallery.images["a/1.jpg"] } };
const line = { image: "1.jpg", caption: "a dog", words: [{ text: "a", logProbability: -1 }], alternatives: [] };
const failed = { image: "2.jpg", error: { code: "image-empty", message: "It is empty." } };

/** Readers of files that batch and watch find in a folder, such as `scratch`. */
export function fileReaders(scratch: string): Reader[] {
  const results = join(scratch, "results.jsonl");
  const known = join(scratch, "captions.json");
  const lines = [line, failed, line].map((value) => `${JSON.stringify(value)}\n`).join("");
  return [
    reader(
      "results to resume",
      fc.oneof(damagedText([lines], ['{"image":', "}\n"]), damagedJson(line)),
      async (bytes) => {
        await writeFile(results, bytes);
        const left = async () => {
          if (!(await readFile(results)).equals(bytes)) throw new Error("A file that was refused has been changed.");
        };
        try {
          await using file = await ResultsFile.open(results);
          if (file.before.lines < file.done.size) throw new Error("More pictures than lines.");
        } catch (error) {
          if (error instanceof EdgecapError) await left();
          throw error;
        }
      },
    ),
    reader("list of paths", pathLists(), async (bytes) => {
      const stream = Readable.from([bytes.subarray(0, 3), bytes.subarray(3)]);
      for await (const path of readPathList(stream, { name: "list.txt", onProblem: () => {} })) {
        if (path === "" || path.includes("\0")) throw new Error("No path.");
      }
    }),
    reader("captions that watch keeps", damagedJson(gallery, page), async (bytes) => {
      await writeFile(known, bytes);
      const read = await readGallery(known);
      htmlPage("Photos", read);
      await writeGallery(known, read);
      if ((await readGallery(known)).size !== read.size) throw new Error("It does not come back.");
    }),
    reader("page in the way", damagedText([htmlPage("Photos", new Map()), "<!doctype html>"]), (bytes) => {
      const path = join(scratch, "index.html");
      const sign = '<meta name="generator" content="edgecap">';
      return keepsForeign(path, bytes, sign, () => writeHtmlPage(path, "Photos", new Map()));
    }),
  ];
}

/** Work that replaces a file that edgecap wrote, and does not change any other. */
async function keepsForeign(path: string, bytes: Uint8Array, sign: string, work: () => Promise<void>): Promise<void> {
  await writeFile(path, bytes);
  const own = new TextDecoder().decode(bytes).includes(sign);
  try {
    await work();
    if (!own) throw new Error("A file of another program has been replaced.");
  } catch (error) {
    if (own || !(await readFile(path)).equals(bytes)) throw new Error("It was changed, or refused.", { cause: error });
    throw error;
  }
}

function pathLists(): fc.Arbitrary<Uint8Array> {
  const texts = ["a/1.jpg\nb c.png\r\n\n  d.gif \n", "1.jpg\0b\nc.jpg\0"];
  const wide = texts.map((text) => Buffer.from(`\ufeff${text}`, "utf16le"));
  return fc.oneof(damagedText(texts, ["\0", "\x01", "\ufeff"]), damagedBytes(wide));
}
