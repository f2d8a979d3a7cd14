import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { formatOf, headLength, serverReads } from "../../../../src/server/page/client/intake/format.ts";
import {
  chosen,
  type Entry,
  identity,
  type LeftOut,
  picturesOf,
  walk,
} from "../../../../src/server/page/client/intake/gather.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("formatOf()", () => {
  test("uses the beginning of a file, whatever its name says", () => {
    const photo = readFileSync(new URL("../../../../examples/coffee.jpg", import.meta.url));
    expect(formatOf(photo.subarray(0, headLength), "coffee.heic", "image/heic")).toBe("JPEG");
    for (const [start, format] of [
      ["\x89PNG\r\n\x1a\n", "PNG"],
      ["GIF89a", "GIF"],
      ["RIFF\x10\0\0\0WEBPVP8 ", "WebP"],
      ["\0\0\0\x18ftypheic\0\0\0\0", "HEIC"],
      ["\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"],
      ["\0\0\0\x20ftypavif\0\0\0\0", "AVIF"],
      ["II*\0", "TIFF"],
      ["MM\0*", "TIFF"],
      ["\xff\x0a", "JPEG XL"],
      ["8BPS", "PSD"],
    ] as const) {
      expect(formatOf(bytes(start), "photo", "")).toBe(format);
    }
  });

  test("uses the name or the type if the beginning says nothing", () => {
    expect(formatOf(bytes("garbage"), "IMG_0001.HEIC", "")).toBe("HEIC");
    expect(formatOf(bytes("<svg"), "drawing.svg", "image/svg+xml")).toBe("SVG");
    expect(formatOf(bytes("<svg"), "drawing", "image/svg+xml")).toBe("SVG");
    expect(formatOf(bytes("garbage"), "photo", "image/jpeg")).toBe("JPEG");
    expect(formatOf(bytes("garbage"), "photo", "image/x-unheard-of")).toBe("UNHEARD-OF");
    expect(formatOf(bytes("II*\0"), "raw.NEF", "")).toBe("RAW");
  });

  test("knows what is not a picture", () => {
    for (const [name, type] of [
      ["notes.txt", "text/plain"],
      [".DS_Store", ""],
      ["movie.mp4", "video/mp4"],
      ["constructor", ""],
      ["x.constructor", ""],
      ["Makefile", ""],
    ] as const) {
      expect(formatOf(bytes("BM: not a bitmap"), name, type)).toBeUndefined();
    }
    expect(formatOf(bytes("BM"), "old.bmp", "")).toBe("BMP");
    expect(formatOf(bytes("BM"), "photo", "image/bmp")).toBe("BMP");
    expect(formatOf(new Uint8Array(), "empty.jpg", "")).toBe("JPEG");
  });

  test("takes any bytes, names and types", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), fc.string(), (head, name, type) => {
        const format = formatOf(head, name, type);
        expect(format === undefined || format.length > 0).toBe(true);
      }),
    );
  });

  test("is what the server reads for its five formats alone", () => {
    const read = ["JPEG", "PNG", "WebP", "GIF", "BMP", "HEIC", "AVIF", "TIFF", "SVG", "RAW"].filter(serverReads);
    expect(read).toEqual(["JPEG", "PNG", "WebP", "GIF", "BMP"]);
  });
});

function fileEntry(path: string, broken = false): Entry {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const file = new File(["x"], name);
  return {
    ...{ name, fullPath: `/${path}`, isDirectory: false },
    file: (done, failed) => (broken ? failed(new Error("gone")) : done(file)),
  };
}

/** A folder that gives a hundred entries at a time, as browsers do. */
function folderEntry(path: string, children: Entry[], broken = false): Entry {
  let rest = children;
  const readEntries = (done: (entries: Entry[]) => void, failed: (error: unknown) => void) => {
    if (broken) return failed(new Error("forbidden"));
    done(rest.slice(0, 100));
    rest = rest.slice(100);
  };
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { name, fullPath: `/${path}`, isDirectory: true, createReader: () => ({ readEntries }) };
}

describe("walk()", () => {
  test("finds every file of every folder, with its path", async () => {
    const many = Array.from({ length: 250 }, (_, i) => fileEntry(`trip/${i}.jpg`));
    const inner = folderEntry("trip/inner", [fileEntry("trip/inner/a.jpg")]);
    const leftOut: LeftOut[] = [];
    const found = await walk([folderEntry("trip", [...many, inner]), fileEntry("b.jpg")], leftOut);
    expect(found.length).toBe(252);
    expect(new Set(found.map(({ path }) => path)).size).toBe(252);
    expect(found.map(({ path }) => path).slice(-3)).toEqual(["trip/249.jpg", "trip/inner/a.jpg", "b.jpg"]);
    expect(leftOut).toEqual([]);
  });

  test("names what cannot be read and what is empty, and continues", async () => {
    const leftOut: LeftOut[] = [];
    const parts = [
      folderEntry("trip/locked", [], true),
      folderEntry("trip/empty", []),
      fileEntry("trip/broken.jpg", true),
      fileEntry("trip/good.jpg"),
    ];
    const found = await walk([folderEntry("trip", parts)], leftOut);
    expect(found.map(({ path }) => path)).toEqual(["trip/good.jpg"]);
    expect(leftOut).toEqual([
      { path: "trip/locked", reason: "unreadable" },
      { path: "trip/empty/", reason: "emptyFolder" },
      { path: "trip/broken.jpg", reason: "unreadable" },
    ]);
  });
});

describe("picturesOf()", () => {
  const named = (name: string, content = "\xff\xd8\xff", lastModified = 1) => ({
    file: new File([bytes(content)], name, { lastModified }),
    path: name,
  });

  test("accounts for every file: as a picture, or as left out with the reason", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a.jpg", "b.png", "c.txt", "d.heic", "Thumbs.db", "e")),
        async (names) => {
          const leftOut: LeftOut[] = [];
          const incoming = names.map((name) => named(name, name.startsWith("c") ? "text" : ""));
          const pictures = await picturesOf(incoming, () => false, leftOut);
          expect(pictures.length + leftOut.length).toBe(names.length);
        },
      ),
    );
  });

  test("orders by path, numbers by their value", async () => {
    const pictures = await picturesOf(
      ["10.jpg", "9.jpg", "a/1.jpg"].map((name) => named(name)),
      () => false,
      [],
    );
    expect(pictures.map(({ path }) => path)).toEqual(["9.jpg", "10.jpg", "a/1.jpg"]);
  });

  test("adds the same file once, and also a different one with the same name", async () => {
    const leftOut: LeftOut[] = [];
    const first = named("a.jpg");
    const other = named("a.jpg", "\xff\xd8\xff", 2);
    const known = named("b.jpg");
    const pictures = await picturesOf([first, other, named("a.jpg"), known], (id) => id === identity(known), leftOut);
    expect(pictures.length).toBe(2);
    expect(leftOut).toEqual([
      { path: "a.jpg", reason: "alreadyHere" },
      { path: "b.jpg", reason: "alreadyHere" },
    ]);
  });

  test("names a file that can no longer be read", async () => {
    const file = named("a.jpg").file;
    Object.assign(file, { slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) });
    const leftOut: LeftOut[] = [];
    expect(await picturesOf(chosen([file]), () => false, leftOut)).toEqual([]);
    expect(leftOut).toEqual([{ path: "a.jpg", reason: "unreadable" }]);
  });
});
