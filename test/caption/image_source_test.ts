import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ImageSource } from "../../src/caption/image_source.ts";
import * as sources from "../../src/caption/image_source.ts";
import { EdgecapError } from "../../src/errors.ts";
import { decodeImage, probeImage } from "../../src/image/decode.ts";
import { localFiles } from "../../src/platform/files.ts";
import { codeOf } from "../code_of.ts";

const path = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
const photo = new Uint8Array(readFileSync(path));

const bytesOf = (image: ImageSource, signal?: AbortSignal) => sources.bytesOf(image, localFiles, signal);
const isRemote = (image: ImageSource) => sources.isRemote(image, localFiles);

let folder: string;
let web: Server;
let address: string;
/** Requests that the server holds back until they are cut off. */
let held = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-source-"));
  web = createServer((request, response) => {
    if (request.url === "/photo.jpg") response.end(photo);
    else if (request.url === "/never") {
      held++;
      response.writeHead(200).write("x");
    } else if (request.url === "/cut") {
      response.writeHead(200, { "content-length": photo.length }).write(photo.subarray(0, 100));
      setTimeout(() => response.destroy(), 20);
    } else if (request.url === "/long") response.writeHead(200, { "content-length": 2 ** 40 }).write("x");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});

afterAll(async () => {
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
  rmSync(folder, { recursive: true });
});

/** The message that some work is refused with, after a check of its code. */
async function refusal(work: Promise<unknown>, code: string): Promise<string> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof EdgecapError)) throw new Error(`No refusal: ${String(error)}`);
  expect(error.code).toBe(code as typeof error.code);
  return error.message;
}

describe("bytesOf()", () => {
  test("reads the same picture from every kind of input", async () => {
    const shifted = new Uint8Array(photo.length + 3);
    shifted.set(photo, 3);
    const even = photo.length - (photo.length % 2);
    const sources: [string, ImageSource, number?][] = [
      ["bytes", photo],
      ["a view of bytes", shifted.subarray(3)],
      ["a buffer of Node", readFileSync(path)],
      ["an ArrayBuffer", photo.slice().buffer],
      ["a DataView", new DataView(shifted.buffer, 3)],
      ["a clamped array", new Uint8ClampedArray(photo)],
      ["wider numbers", new Uint16Array(photo.slice(0, even).buffer), even],
      ["a blob", new Blob([photo])],
      ["a file", new File([photo], "coffee.jpg")],
      ["a response", new Response(photo)],
      ["a path", path],
      ["a relative path", relative(process.cwd(), path)],
      ["the text of a file: URL", pathToFileURL(path).href],
      ["a file: URL", pathToFileURL(path)],
      ["the text of an address", `${address}/photo.jpg`],
      ["an address", new URL(`${address}/photo.jpg`)],
      ["a data: URL", `data:image/jpeg;base64,${Buffer.from(photo).toString("base64")}`],
    ];
    for (const [what, source, length] of sources) {
      const bytes = await bytesOf(source);
      expect([what, Buffer.compare(bytes, photo.subarray(0, length))]).toEqual([what, 0]);
    }
  });

  test("treats a name with a colon as a file name, and a drive as a path", async () => {
    const named = join(folder, "a:b.jpg");
    writeFileSync(named, photo);
    expect((await bytesOf(named)).length).toBe(photo.length);
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect((await bytesOf("a:b.jpg")).length).toBe(photo.length);
    } finally {
      process.chdir(before);
    }
    expect(isRemote("C:\\photos\\a.jpg")).toBe(false);
    expect(isRemote("a:b.jpg")).toBe(false);
    expect(isRemote("HTTPS://example.org/a.jpg")).toBe(true);
  });

  test("says what could not be read, where, and why", async () => {
    expect(await refusal(bytesOf(join(folder, "nothing.jpg")), "file-unreadable")).toContain("nothing.jpg");
    expect(await refusal(bytesOf(folder), "file-unreadable")).toContain(folder);
    expect(await refusal(bytesOf(`${address}/nothing`), "file-unreadable")).toContain(
      `${address}/nothing": the answer was 404`,
    );
    expect(await refusal(bytesOf(`${address}/cut`), "file-unreadable")).toContain("/cut");
    expect(await refusal(bytesOf("http://127.0.0.1:1/a.jpg"), "file-unreadable")).toContain("127.0.0.1:1");
    expect(await refusal(bytesOf("http://"), "file-unreadable")).toContain("not a valid URL");
    expect(await refusal(bytesOf("ftp://example.org/a.jpg"), "file-unreadable")).toContain("ftp://example.org/a.jpg");
    const read = new Response(photo);
    await read.arrayBuffer();
    expect(await refusal(bytesOf(read), "file-unreadable")).toContain("read already");
    expect(await codeOf(bytesOf(new Response(null, { status: 500 })))).toBe("file-unreadable");
  });

  test("says in one line what is wrong with text that is not a path", async () => {
    const base64 = Buffer.from(photo).toString("base64");
    const said = await refusal(bytesOf(base64), "file-unreadable");
    expect(said).toContain("too long for a path: give base64 as a data: URL, or the bytes");
    expect(said.length).toBeLessThan(400);
    expect(await refusal(bytesOf(""), "file-unreadable")).toMatch(
      /Cannot read the picture "": (?:it is a folder|there is no such file)\./,
    );
    expect(await refusal(bytesOf(folder), "file-unreadable")).toContain("it is a folder.");
    expect(await refusal(bytesOf(join(folder, "no.jpg")), "file-unreadable")).toContain("there is no such file.");
  });

  test("says why an address cannot be reached", async () => {
    const said = await refusal(bytesOf("http://127.0.0.1:1/a.jpg"), "file-unreadable");
    expect(said).not.toMatch(/: fetch failed\.$/);
  });

  test("refuses a buffer that was transferred, before and while the picture waits", async () => {
    const moved = () => {
      const bytes = photo.slice();
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    };
    for (const source of [moved(), moved().buffer, new DataView(photo.slice().buffer)]) {
      if (source instanceof DataView) structuredClone(source.buffer, { transfer: [source.buffer as ArrayBuffer] });
      expect(await refusal(bytesOf(source), "image-empty")).toContain("its buffer was transferred");
    }
    expect(await refusal(decodeImage(moved(), { size: 8 }), "image-empty")).toContain("is empty");
    expect(await refusal(probeImage(moved()), "image-empty")).toContain("is empty");
  });

  test("refuses what is not a picture at all, naming it", async () => {
    for (const [value, name] of [
      [42, "the number 42"],
      [undefined, "undefined"],
      [null, "null"],
      [{}, "an object of Object"],
      [[1, 2], "an object of Array"],
    ] as const) {
      expect(await refusal(bytesOf(value as unknown as ImageSource), "image-unsupported")).toContain(
        `The picture is ${name}`,
      );
    }
  });

  test("refuses what is longer than any picture before it is read", async () => {
    const file = join(folder, "long.bmp");
    writeFileSync(file, "");
    // A hole, which takes no room.
    truncateSync(file, 2 ** 33);
    expect(await refusal(bytesOf(file), "image-too-large")).toContain("8589934592 bytes");
    expect(await codeOf(bytesOf(`${address}/long`))).toBe("image-too-large");
    // A device has no length, and no end.
    expect(await localFiles!.readUpTo("/dev/zero", 3_000_000, undefined)).toBeGreaterThan(3_000_000);
  });

  test("rejects with the signal's reason, before, and while it waits", async () => {
    const reason = new Error("left");
    const rejects = (work: Promise<unknown>) => work.catch((error: unknown) => error);
    for (const source of [photo, path, `${address}/photo.jpg`, new Blob([photo])])
      expect(await rejects(bytesOf(source, AbortSignal.abort(reason)))).toBe(reason);
    const controller = new AbortController();
    const waiting = rejects(bytesOf(`${address}/never`, controller.signal));
    while (held === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(reason);
    expect(await waiting).toBe(reason);
  });
});
