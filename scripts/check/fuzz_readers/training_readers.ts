import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { parseCaptions } from "../../../src/dataset/captions_file.ts";
import { parseHypotheses } from "../../../src/dataset/hypotheses_file.ts";
import { parseSplitList } from "../../../src/dataset/split_list.ts";
import { buildFeatureCache, FeatureCache } from "../../../src/training/encoder/feature_cache.ts";
import { readCheckpoint, writeCheckpoint } from "../../../src/training/run/checkpoint.ts";
import { readRunDescription } from "../../../src/training/run/run_description.ts";
import { readWordVectors } from "../../../src/training/words/word_vectors.ts";
import { type Reader, reader } from "./attack.ts";
import { damagedBytes, damagedJson, damagedText, joined } from "./damage.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Readers of what training reads; files go into the folder `scratch`. */
export async function trainingReaders(scratch: string): Promise<Reader[]> {
  return [...captionReaders(), ...fileReaders(scratch), await checkpointReader(scratch), await cacheReader(scratch)];
}

function captionReaders(): Reader[] {
  const karpathy = {
    images: [{ filename: "1.jpg", split: "train", sentences: [{ raw: "a dog", tokens: ["a", "dog"] }] }],
    dataset: "flickr8k",
  };
  const rows = [
    'image,caption\n1.jpg,a dog\n1.jpg,"a ""big"", dog"\n2.jpg,a cat\n',
    "caption_id,caption,split,filename\n1,a dog,train,1.jpg\n2,a cat,val,2.jpg\n",
    "image| comment_number| comment\n1.jpg| 0| a dog\n",
    "1.jpg#0\ta dog\n1.jpg#1\tthe dog runs .\n2.jpg#0\ta cat\n",
  ];
  const pieces = [",", "#", "|", "\t", '""', "1.jpg", ".jpg", "image", "caption", "a dog", "\r"];
  const files = fc.oneof(damagedText(rows, pieces), damagedJson(karpathy));
  const hypotheses = [
    '{"image":"a/1.jpg","caption":"a dog"}\n{"image":"2.jpg","error":{"code":"image-empty","message":"x"}}\n',
    "1.jpg\ta dog\n2.jpg\ta cat\n",
  ];
  return [
    reader("captions file", files, (bytes) => {
      const { captions } = parseCaptions(bytes, "captions.txt");
      for (const list of captions.values()) if (list.some((caption) => caption.trim() === "")) throw new Error("empty");
    }),
    reader("captions to score", damagedText(hypotheses, [...pieces, '{"image":', "null"]), (bytes) =>
      parseHypotheses(bytes, "hypotheses.jsonl"),
    ),
    reader("list of images", damagedText(["1.jpg\n2.jpg\n3.jpg\n"], pieces), (bytes) =>
      parseSplitList(bytes, "train.txt"),
    ),
  ];
}

function fileReaders(scratch: string): Reader[] {
  const vectors = ["dog 0.5 -1.25 3e-2\ncat 1 2 3\nhot dog 0 0 1\n", "2 3\ndog 0.5 -1 3\ncat 1 2 3\n"];
  const run = {
    preset: "attention",
    settings: { units: 4 },
    images: "photos",
    captions: "captions.txt",
    features: "cache",
    encoder: { name: "default", precision: "int8" },
    command: "edgecap train",
  };
  const file = join(scratch, "vectors.txt");
  return [
    reader("word vectors", damagedText(vectors, ["dog", "NaN", "1e999", "-", "."]), async (bytes) => {
      await writeFile(file, bytes);
      const { dimension, vectors: found } = await readWordVectors(file, ["dog", "cat", "hot dog"]);
      for (const vector of found.values()) {
        if (vector.length !== dimension || !vector.every(Number.isFinite)) throw new Error("A vector is wrong.");
      }
    }),
    reader("description of a run", damagedJson(run), async (bytes) => {
      await writeFile(join(scratch, "run.json"), bytes);
      await readRunDescription(scratch);
    }),
  ];
}

async function checkpointReader(scratch: string): Promise<Reader> {
  const path = join(scratch, "last.ckpt");
  const arrays = new Map([
    ["weights", Float32Array.of(1, -2, 3.5)],
    ["none", new Float32Array()],
  ]);
  await writeCheckpoint(path, { meta: { epoch: 3 }, arrays });
  const whole = new Uint8Array(await readFile(path));
  const headLength = Number(new DataView(whole.buffer).getBigUint64(0, true));
  const head = JSON.parse(text(whole.subarray(8, 8 + headLength))) as unknown;
  const numbers = whole.subarray(8 + headLength);
  const sealed = fc.tuple(damagedJson(head), damagedBytes([numbers])).map(([changed, data]) => {
    const size = new Uint8Array(8);
    new DataView(size.buffer).setBigUint64(0, BigInt(changed.length), true);
    return seal(joined(size, changed, data));
  });
  return reader("checkpoint", fc.oneof(sealed, damagedBytes([whole])), async (bytes) => {
    await writeFile(path, bytes);
    const read = await readCheckpoint(path);
    for (const array of read.arrays.values()) if (!(array instanceof Float32Array)) throw new Error("No array.");
  });
}

/** Puts the right hash into a damaged checkpoint, so that the reader does not stop at the hash. */
function seal(bytes: Uint8Array): Uint8Array {
  const before = '"sha256":"';
  const place = Buffer.from(bytes).indexOf(before);
  const [start, end] = [place + before.length, place + before.length + 64];
  if (place === -1 || end > bytes.length) return bytes;
  const zeros = Buffer.from("0".repeat(64));
  const hash = createHash("sha256").update(bytes.subarray(0, start)).update(zeros).update(bytes.subarray(end));
  return joined(bytes.subarray(0, start), Buffer.from(hash.digest("hex")), bytes.subarray(end));
}

async function cacheReader(scratch: string): Promise<Reader> {
  const folder = join(scratch, "features");
  await mkdir(folder, { recursive: true });
  const cache = await buildFeatureCache({
    folder,
    encoder: Uint8Array.of(1),
    encode: async (photos) => new Float32Array(photos.length * 6).fill(0.5),
    pixels: async () => new Uint8Array(12),
    images: ["1.jpg", "2.jpg"],
    size: 2,
    regions: 2,
    features: 3,
    views: 1,
  });
  cache[Symbol.dispose]();
  const names = ["index.json", "grids.sums", "grids.f16"] as const;
  const contents = await Promise.all(names.map(async (name) => new Uint8Array(await readFile(join(folder, name)))));
  const index = JSON.parse(text(contents[0]!)) as Record<string, unknown>;
  const { sums: _, ...old } = index;
  const damaged = fc.tuple(
    damagedJson(index, old),
    fc.oneof(fc.constant(contents[1]!), damagedBytes([contents[1]!])),
    fc.oneof(fc.constant(contents[2]!), damagedBytes([contents[2]!])),
  );
  return reader("feature cache", damaged, async (files) => {
    await Promise.all(files.map((bytes, i) => writeFile(join(folder, names[i]!), bytes)));
    try {
      using opened = FeatureCache.open(folder);
      const { regions, features, images } = opened.index;
      for (const image of images) opened.read(image, 0, new Float32Array(regions * features), 0);
    } finally {
      await rm(join(folder, names[0]), { force: true });
    }
  });
}
