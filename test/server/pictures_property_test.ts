/** A request with any content is read as it was sent, or refused with a problem that has a code. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { BodyMemory } from "../../src/server/body_memory.ts";
import { type PictureLimits, type Pictures, readPictures } from "../../src/server/pictures.ts";
import { Problem, problemOf } from "../../src/server/problem.ts";

const limits: PictureLimits = {
  body: { maxBytes: 100_000, timeoutMs: 60_000 },
  memory: new BodyMemory(1e9),
  maxImages: 4,
  urls: undefined,
};

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const options = fc.record(
  {
    beams: fc.integer({ min: 1, max: 64 }),
    alternatives: fc.integer({ min: 0, max: 63 }),
    maxWords: fc.integer({ min: 1, max: 1000 }),
    seed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    attention: fc.boolean(),
  },
  { requiredKeys: [] },
);

function post(body: string | Uint8Array<ArrayBuffer>, type: string | undefined, query = ""): Request {
  const headers = type === undefined ? {} : { "content-type": type };
  return new Request(`http://host/v1/captions${query}`, { method: "POST", body, headers });
}

async function outcome(request: Request): Promise<Pictures | Problem> {
  try {
    return await readPictures(request, limits);
  } catch (error) {
    // Both are answered with a status; anything else would be a fault.
    if (error instanceof Problem || error instanceof EdgecapError) return problemOf(error);
    throw error;
  }
}

/** A form as a browser or curl writes it. */
function formOf(parts: readonly (readonly [string, string | Uint8Array])[], boundary: string): Uint8Array<ArrayBuffer> {
  const chunks = parts.flatMap(([name, value], i) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    typeof value === "string" ? "\r\n\r\n" : `; filename="${i}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`,
    value,
    "\r\n",
  ]);
  return new Uint8Array(Buffer.concat([...chunks, `--${boundary}--\r\n`].map((chunk) => Buffer.from(chunk))));
}

describe("readPictures()", () => {
  test("reads a bare body as it is, with the query's options", async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        options,
        fc.constantFrom("image/jpeg", "image/heic", "application/octet-stream", "IMAGE/PNG; q=1"),
        async (sent, wanted, type) => {
          const texts = Object.entries(wanted).map(([name, value]) => [name, String(value)] as [string, string]);
          const query = texts.length === 0 ? "" : `?${new URLSearchParams(texts)}`;
          const { pictures, list } = await readPictures(post(Uint8Array.from(sent), type, query), limits);
          expect(list).toBe(false);
          expect(pictures.map(({ bytes: read, options: given }) => [[...read], { ...given }])).toEqual([
            [[...sent], wanted],
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("reads the files and fields of a form, whatever the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 4 }), options, async (files, wanted) => {
        const fields = Object.entries(wanted).map(([name, value]) => [name, String(value)] as const);
        const parts = [...fields, ...files.map((file) => ["image", file] as const)];
        const body = formOf(parts, "----edge0123456789");
        const { pictures, list } = await readPictures(
          post(body, "multipart/form-data; boundary=----edge0123456789"),
          limits,
        );
        expect(list).toBe(files.length > 1);
        expect(pictures.map((photo) => [...photo.bytes])).toEqual(files.map((file) => [...file]));
        expect(pictures.map((photo) => photo.name)).toEqual(files.map((_, i) => `${fields.length + i}.jpg`));
        for (const photo of pictures) expect({ ...photo.options }).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test("reads JSON with base64, base64url or data URLs, in blanks or none, one or many", async () => {
    const written = fc.constantFrom(
      (sent: Uint8Array) => Buffer.from(sent).toString("base64"),
      (sent: Uint8Array) => Buffer.from(sent).toString("base64url"),
      (sent: Uint8Array) => `data:image/png;base64,${Buffer.from(sent).toString("base64")}`,
      (sent: Uint8Array) => Buffer.from(sent).toString("base64").replace(/.{60}/g, "$&\r\n"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(bytes, written, options), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (items, bare) => {
          const objects = items.map(([sent, write, wanted]) => ({ image: write(sent), ...wanted }));
          const single = bare && objects.length === 1;
          const body = JSON.stringify(single ? objects[0] : objects);
          const { pictures, list } = await readPictures(post(body, "application/json"), limits);
          expect(list).toBe(!single);
          expect(pictures.map((photo) => [...photo.bytes])).toEqual(items.map(([sent]) => [...sent]));
          expect(pictures.map((photo) => ({ ...photo.options }))).toEqual(items.map(([, , wanted]) => wanted));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("refuses more images than the limit, in every form", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 12 }), async (many) => {
        const image = Buffer.from("x").toString("base64");
        const parts = Array.from({ length: many }, () => ["image", Uint8Array.of(1)] as const);
        for (const request of [
          post(JSON.stringify(new Array(many).fill({ image })), "application/json"),
          post(JSON.stringify({ image: new Array(many).fill(image) }), "application/json"),
          post(formOf(parts, "edge"), "multipart/form-data; boundary=edge"),
        ]) {
          expect(await outcome(request)).toMatchObject({ code: "images-too-many" });
        }
      }),
      { numRuns: 10 },
    );
  });

  test("a form that is cut off or changed is read or refused, never worse", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { minLength: 1, maxLength: 3 }),
        fc.nat(2000),
        fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
        async (files, length, changes) => {
          const parts = files.map((file) => ["image", file] as const);
          const body = formOf([["beams", "3"], ...parts], "edge").slice(0, length + 1);
          for (const [place, value] of changes) if (place < body.length) body[place] = value;
          const found = await outcome(post(body, "multipart/form-data; boundary=edge"));
          if (found instanceof Problem) expect(found.status).toBeLessThan(500);
          else expect(found.pictures.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("any JSON is read or refused, never worse", async () => {
    const anything = fc.jsonValue({ maxDepth: 3 });
    const nearly = fc.dictionary(fc.constantFrom("image", "beams", "temperature", "topK", "__proto__", "x"), anything);
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, nearly, fc.array(nearly)), async (json) => {
        const found = await outcome(post(JSON.stringify(json), "application/json"));
        if (found instanceof Problem) expect(found.status).toBeLessThan(500);
        else expect(found.pictures.every((picture) => picture.bytes instanceof Uint8Array)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("any bytes of any type, with any query, are read or refused, never worse", async () => {
    const type = fc.oneof(
      fc.constantFrom(
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "text/html",
        "image/",
      ),
      fc.string({ unit: fc.constantFrom(...'abc/;= -"'), maxLength: 20 }).map((text) => text.trim()),
      fc.constant(undefined),
    );
    const query = fc.array(
      fc.tuple(
        fc.constantFrom("beams", "seed", "topP", "attention", "x"),
        fc.oneof(fc.string(), fc.constantFrom("1", "0.5", "true")),
      ),
      {
        maxLength: 3,
      },
    );
    await fc.assert(
      fc.asyncProperty(bytes, type, query, async (sent, contentType, pairs) => {
        const request = post(Uint8Array.from(sent), contentType, `?${new URLSearchParams(pairs)}`);
        const found = await outcome(request);
        if (found instanceof Problem) {
          expect(found.status).toBeLessThan(500);
          expect(found.message.length).toBeLessThan(500);
        } else expect(found.pictures.length).toBe(1);
      }),
      { numRuns: 300 },
    );
  });
});
