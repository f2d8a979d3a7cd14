import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EdgecapError } from "../../src/errors.ts";
import type { GalleryForm } from "../../src/watch/gallery_forms.ts";
import { type WatchedCaption, type WatchOptions, watchFolder } from "../../src/watch/watch_folder.ts";
import { codeOf } from "../code_of.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-watch-"));
  try {
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "a.jpg"), "cat");
    await writeFile(join(folder, "sub", "b.png"), "dog");
    await writeFile(join(folder, "notes.txt"), "no picture");
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Captions a file with its own content, and counts. */
function stub() {
  const seen: string[] = [];
  const caption = async (image: Uint8Array): Promise<WatchedCaption> => {
    const text = new TextDecoder().decode(image);
    seen.push(text);
    if (text === "corrupt") throw new EdgecapError("image-corrupt", "It ends early.");
    if (text === "blur") return { caption: "", concepts: [], confidence: 0.1, reason: "unsure" };
    const concepts = [{ name: text, probability: 0.8 }];
    if (text === "toy") return { caption: "a photo of a toy", concepts, confidence: 0.2, reason: "unsure" };
    return { caption: `a ${text}`, concepts, confidence: 0.9 };
  };
  return { seen, caption };
}

const once = (
  folder: string,
  form: GalleryForm | readonly GalleryForm[],
  caption: (image: Uint8Array) => Promise<WatchedCaption>,
) => watchFolder({ folder, forms: [form].flat(), caption, once: true, signal: new AbortController().signal });

async function captionsIn(folder: string): Promise<Record<string, string | undefined>> {
  const { images } = JSON.parse(await readFile(join(folder, "captions.json"), "utf8")) as {
    images: Record<string, { caption?: string }>;
  };
  return Object.fromEntries(Object.entries(images).map(([name, { caption }]) => [name, caption]));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await wait(20);
}

describe("watchFolder(), once", () => {
  test("removes what killed processes left beside the pictures, in every folder", () =>
    withFolder(async (folder) => {
      const name = `.edgecap-1-${"0".repeat(24)}.partial`;
      const left = [join(folder, name), join(folder, "sub", name)];
      await once(folder, "json", stub().caption);
      for (const path of left) {
        await writeFile(path, "");
        await utimes(path, 1, 1);
      }
      await once(folder, "json", stub().caption);
      expect(left.filter((path) => existsSync(path))).toEqual([]);
    }));

  test("captions what is there, and later only what has come or changed", () =>
    withFolder(async (folder) => {
      const first = stub();
      expect(await once(folder, "json", first.caption)).toBe(0);
      expect(await captionsIn(folder)).toEqual({ "a.jpg": "a cat", "sub/b.png": "a dog" });
      expect(first.seen.sort()).toEqual(["cat", "dog"]);
      await writeFile(join(folder, "a.jpg"), "bird");
      await utimes(join(folder, "a.jpg"), 1, 1);
      await writeFile(join(folder, "c.webp"), "corrupt");
      await rm(join(folder, "sub", "b.png"));
      const second = stub();
      expect(await once(folder, "json", second.caption)).toBe(1);
      expect(await captionsIn(folder)).toEqual({ "a.jpg": "a bird", "c.webp": undefined });
      expect(second.seen.sort()).toEqual(["bird", "corrupt"]);
      const third = stub();
      expect(await once(folder, "json", third.caption)).toBe(1);
      expect(third.seen).toEqual([]);
    }));

  test("captions again what failed by a list that it only reads", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "c.jpg"), "corrupt");
      await once(folder, "json", stub().caption);
      const { caption, seen } = stub();
      const pictures: unknown[] = [];
      const options = { folder, forms: ["html"], caption, once: true, signal: new AbortController().signal } as const;
      expect(await watchFolder({ ...options, onPicture: (_, picture) => pictures.push(picture?.error?.code) })).toBe(1);
      expect([seen, pictures.sort()]).toEqual([["corrupt"], ["image-corrupt", undefined, undefined]]);
    }));

  test("writes sidecars, and removes them with their pictures", () =>
    withFolder(async (folder) => {
      await once(folder, "xmp", stub().caption);
      expect(await readFile(join(folder, "sub", "b.png.xmp"), "utf8")).toContain(">A dog<");
      await rm(join(folder, "sub", "b.png"));
      await once(folder, "xmp", stub().caption);
      expect([existsSync(join(folder, "sub", "b.png.xmp")), existsSync(join(folder, "a.jpg.xmp"))]).toEqual([
        false,
        true,
      ]);
    }));

  test("keeps concepts and confidence, and writes no sentence that was unsure", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "c.jpg"), "blur");
      await writeFile(join(folder, "d.jpg"), "toy");
      expect(await once(folder, "json", stub().caption)).toBe(2);
      const { images } = JSON.parse(await readFile(join(folder, "captions.json"), "utf8"));
      const concepts = [{ name: "cat", probability: 0.8 }];
      expect(images["a.jpg"]).toMatchObject({ caption: "a cat", concepts, confidence: 0.9 });
      expect(images["c.jpg"]).toMatchObject({ concepts: [], confidence: 0.1, reason: "unsure" });
      expect("caption" in images["c.jpg"]).toBe(false);
      expect(images["d.jpg"]).toMatchObject({ caption: "a photo of a toy", reason: "unsure" });
      await once(folder, "html", stub().caption);
      expect(await readFile(join(folder, "index.html"), "utf8")).not.toContain("c.jpg");
    }));

  test("removes a sidecar whose picture no longer has a sentence that is sure", () =>
    withFolder(async (folder) => {
      await once(folder, "xmp", stub().caption);
      expect(await readFile(join(folder, "a.jpg.xmp"), "utf8")).toContain("<rdf:li>cat</rdf:li>");
      await writeFile(join(folder, "a.jpg"), "blur");
      await utimes(join(folder, "a.jpg"), 1, 1);
      expect(await once(folder, "xmp", stub().caption)).toBe(1);
      expect(existsSync(join(folder, "a.jpg.xmp"))).toBe(false);
    }));

  test("keeps what others wrote", () =>
    withFolder(async (folder) => {
      const others = { "captions.json": '{"mine":1}', "index.html": "<p>mine</p>", "a.jpg.xmp": "<x/>" };
      for (const [name, text] of Object.entries(others)) await writeFile(join(folder, name), text);
      expect(await codeOf(once(folder, "json", stub().caption))).toBe("data-invalid");
      expect(await codeOf(once(folder, "html", stub().caption))).toBe("data-invalid");
      expect(await once(folder, "xmp", stub().caption)).toBe(1);
      for (const [name, text] of Object.entries(others)) expect(await readFile(join(folder, name), "utf8")).toBe(text);
    }));

  test("includes hidden pictures only if requested, and removes them again", () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, ".Trash-1000", "files"), { recursive: true });
      await writeFile(join(folder, ".Trash-1000", "files", "c.jpg"), "secret");
      const all = {
        folder,
        forms: ["json"],
        once: true,
        hidden: true,
        signal: new AbortController().signal,
      } satisfies Omit<WatchOptions, "caption">;
      await watchFolder({ ...all, ...stub() });
      expect(Object.keys(await captionsIn(folder))).toContain(".Trash-1000/files/c.jpg");
      await once(folder, "json", stub().caption);
      expect(Object.keys(await captionsIn(folder))).toEqual(["a.jpg", "sub/b.png"]);
    }));

  test("reports folders that cannot be read, and continues", () =>
    withFolder(async (folder) => {
      await symlink("loop", join(folder, "loop"));
      await symlink("..", join(folder, "sub", "up"));
      const problems: string[] = [];
      await watchFolder({
        ...{ folder, forms: ["html"], ...stub(), once: true, signal: new AbortController().signal },
        onProblem: ({ message }) => problems.push(message),
      });
      expect(problems.length).toBe(2);
      expect(await readFile(join(folder, "index.html"), "utf8")).toContain('alt="A dog"');
    }));

  test("writes nothing that names what lies outside its folder, and reads no such file", () =>
    withFolder(async (folder) => {
      const picture = { size: 1, changed: 1, caption: "a dog" };
      const wrong: Record<string, unknown>[] = [
        ...["../c.jpg", "/c.jpg", "sub/../../c.jpg", "./a.jpg", "a\\b.jpg", "c:/d.jpg", "", "a//b.jpg"].map((name) => ({
          [name]: picture,
        })),
        ...[{ ...picture, caption: 3 }, { ...picture, size: "1" }, { changed: 1 }, null, "x"].map((value) => ({
          "a.jpg": value,
        })),
      ];
      for (const images of wrong) {
        const text = JSON.stringify({ generator: "edgecap", images });
        await writeFile(join(folder, ".edgecap-xmp.json"), text);
        expect([images, await codeOf(once(folder, "xmp", stub().caption))]).toEqual([images, "data-invalid"]);
        expect(await readFile(join(folder, ".edgecap-xmp.json"), "utf8")).toBe(text);
      }
      // Without a list of images, the file is not edgecap's.
      await writeFile(join(folder, ".edgecap-xmp.json"), '{"generator":"edgecap","images":null}');
      expect(await codeOf(once(folder, "xmp", stub().caption))).toBe("data-invalid");
    }));

  test("writes far less often than it captions, and everything at the end", () =>
    withFolder(async (folder) => {
      for (let i = 0; i < 400; i++) await writeFile(join(folder, `${i}.jpg`), `cat ${i}`);
      const known = join(folder, "captions.json");
      const written = new Set<number>();
      const caption = async (image: Uint8Array) => {
        if (existsSync(known)) written.add((await stat(known)).ino);
        return { caption: new TextDecoder().decode(image), concepts: [] };
      };
      await once(folder, "json", caption);
      expect(Object.keys(await captionsIn(folder)).length).toBe(402);
      expect(written.size).toBeGreaterThan(0);
      // 5 % of the time at most, and five times a second at most.
      expect(written.size).toBeLessThan(100);
    }));

  test("keeps what it knew before something went wrong", () =>
    withFolder(async (folder) => {
      for (let i = 0; i < 50; i++) await writeFile(join(folder, `${i}.jpg`), `cat ${i}`);
      let left = 20;
      const caption = async () => {
        if (left-- === 0) throw new EdgecapError("bundle-missing", "It is gone.");
        return { caption: "a cat", concepts: [] };
      };
      expect(await codeOf(once(folder, "json", caption))).toBe("bundle-missing");
      expect(Object.keys(await captionsIn(folder)).length).toBe(20);
    }));

  test("says if there is no folder", async () => {
    expect(await codeOf(once("no such folder", "json", stub().caption))).toBe("file-unreadable");
    const file = fileURLToPath(import.meta.url);
    await expect(once(file, "json", stub().caption)).rejects.toThrow("is not a folder");
  });
});

describe("watchFolder()", () => {
  test("follows pictures that come, change and go, until the signal is aborted", () =>
    withFolder(async (folder) => {
      const stop = new AbortController();
      const { caption, seen } = stub();
      let ready = false;
      const watching = watchFolder({
        folder,
        forms: ["html"],
        caption,
        once: false,
        onReady: () => {
          ready = true;
        },
        signal: stop.signal,
      });
      const page = () => readFile(join(folder, "index.html"), "utf8");
      await until(async () => ready);
      expect(await page()).toContain('alt="A dog"');
      await writeFile(join(folder, "sub", "new.gif"), "horse");
      await until(async () => (await page()).includes('alt="A horse"'));
      await rm(join(folder, "a.jpg"));
      await until(async () => !(await page()).includes('alt="A cat"'));
      stop.abort();
      expect(await watching).toBe(0);
      expect(seen.sort()).toEqual(["cat", "dog", "horse"]);
    }));

  test("captions once each picture that it writes into, also while it watches, and reports what it cannot write", () =>
    withFolder(async (folder) => {
      const segment = Uint8Array.of(0xff, 0xda, 0, 2, 1, 2, 3);
      await writeFile(join(folder, "a.jpg"), Uint8Array.of(0xff, 0xd8, ...segment));
      const stop = new AbortController();
      const seen: number[] = [];
      const caption = async (image: Uint8Array): Promise<WatchedCaption> => {
        seen.push(image.length);
        return { caption: "a cat", concepts: [] };
      };
      let ready = false;
      const watching = watchFolder({
        ...{ folder, forms: ["json", "xmp", "exif"], metadata: { sidecar: "none" }, caption, once: false },
        onReady: () => {
          ready = true;
        },
        signal: stop.signal,
      });
      await until(async () => ready);
      await writeFile(join(folder, "c.jpg"), Uint8Array.of(0xff, 0xd8, ...segment, 9));
      await until(async () => (await captionsIn(folder))["c.jpg"] === "a cat");
      // Another picture comes after the events of the first one.
      await writeFile(join(folder, "d.jpg"), Uint8Array.of(0xff, 0xd8, ...segment, 9, 9));
      await until(async () => (await captionsIn(folder))["d.jpg"] === "a cat");
      stop.abort();
      // Text files that are called b.png are not valid PNG files.
      expect(await watching).toBe(1);
      expect(seen.sort((a, b) => a - b)).toEqual([3, 9, 10, 11]);
      expect(await readFile(join(folder, "c.jpg"), "latin1")).toContain(">A cat<");
      const { images } = JSON.parse(await readFile(join(folder, "captions.json"), "utf8"));
      expect(images["sub/b.png"]).toMatchObject({ caption: "a cat", error: { code: "image-unsupported" } });
    }));

  const jpeg = (text: string) => Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2, ...new TextEncoder().encode(text));
  for (const [place, metadata] of [
    ["a sidecar", { sidecar: "darktable" }],
    ["the picture", { sidecar: "none" }],
  ] as const)
    test(`captions a picture again that changed while it was captioned, for text in ${place}`, () =>
      withFolder(async (folder) => {
        const path = join(folder, "a.jpg");
        await writeFile(path, jpeg("cat"));
        await rm(join(folder, "sub", "b.png"));
        const stop = new AbortController();
        const caption = async (image: Uint8Array): Promise<WatchedCaption> => {
          const isCat = Buffer.from(image).includes("cat");
          if (isCat) await writeFile(path, jpeg("horse"));
          return { caption: isCat ? "a cat" : "a horse", concepts: [] };
        };
        const watching = watchFolder({
          ...{ folder, forms: ["json", "xmp"], metadata, caption, once: false, signal: stop.signal },
        });
        await until(async () => (await captionsIn(folder))["a.jpg"] === "a horse");
        const holder = metadata.sidecar === "none" ? path : `${path}.xmp`;
        expect(await readFile(holder, "latin1")).toContain(">A horse<");
        stop.abort();
        expect(await watching).toBe(0);
      }));

  test("captions a changed picture at the next start, if it changed after its caption was written", () =>
    withFolder(async (folder) => {
      const { caption, seen } = stub();
      const change = async (image: Uint8Array) => {
        const result = await caption(image);
        if (seen.at(-1) === "cat") await writeFile(join(folder, "a.jpg"), "horse");
        return result;
      };
      await once(folder, ["json", "xmp"], change);
      await once(folder, ["json", "xmp"], change);
      expect((await captionsIn(folder))["a.jpg"]).toBe("a horse");
      expect(seen.sort()).toEqual(["cat", "dog", "horse"]);
    }));

  test("follows linked folders by the names of their links, and no hidden ones", () =>
    withFolder(async (folder) => {
      const album = await mkdtemp(join(tmpdir(), "edgecap-album-"));
      const stop = new AbortController();
      try {
        await writeFile(join(album, "c.jpg"), "horse");
        await symlink(album, join(folder, "album"));
        await symlink("..", join(folder, "sub", "up"));
        let ready = false;
        const onReady = () => {
          ready = true;
        };
        const watching = watchFolder({ folder, forms: ["json"], ...stub(), once: false, onReady, signal: stop.signal });
        await until(async () => ready);
        expect(Object.keys(await captionsIn(folder))).toEqual(["a.jpg", "album/c.jpg", "sub/b.png"]);
        await mkdir(join(folder, ".thumbnails"));
        await writeFile(join(folder, ".thumbnails", "x.jpg"), "bird");
        await writeFile(join(folder, "._d.jpg"), "bird");
        await writeFile(join(album, "d.jpg"), "cow");
        await until(async () => (await captionsIn(folder))["album/d.jpg"] === "a cow");
        await rm(join(folder, "album"));
        await until(async () => !("album/d.jpg" in (await captionsIn(folder))));
        expect(Object.keys(await captionsIn(folder))).toEqual(["a.jpg", "sub/b.png"]);
        // Deno gives no event for a link that is added later: it is found at the next start.
        if ("Bun" in globalThis) {
          await symlink(album, join(folder, "later"));
          await until(async () => (await captionsIn(folder))["later/c.jpg"] === "a horse");
        }
        stop.abort();
        await watching;
      } finally {
        stop.abort();
        await rm(album, { recursive: true });
      }
    }));

  test("does not say that it is ready if it is stopped before", () =>
    withFolder(async (folder) => {
      const stop = new AbortController();
      let ready = 0;
      const caption = async (): Promise<WatchedCaption> => {
        stop.abort();
        return { caption: "a cat", concepts: [] };
      };
      const onReady = () => ready++;
      await watchFolder({ folder, forms: ["json"], caption, once: false, onReady, signal: stop.signal });
      expect(ready).toBe(0);
    }));

  test("finds pictures that were removed while nobody watched", () =>
    withFolder(async (folder) => {
      await once(folder, "json", stub().caption);
      await rm(join(folder, "a.jpg"));
      const stop = new AbortController();
      const onReady = () => stop.abort();
      await watchFolder({ folder, forms: ["json"], ...stub(), once: false, onReady, signal: stop.signal });
      expect(await captionsIn(folder)).toEqual({ "sub/b.png": "a dog" });
    }));
});
