/** Bodies that an attacker makes slow to read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BodyMemory } from "../../src/server/body_memory.ts";
import { readPictures } from "../../src/server/pictures.ts";
import type { Problem } from "../../src/server/problem.ts";
import { processorTime } from "../processor_time.ts";
import { type TinyServer, tinyServer } from "./tiny_server.ts";

const limits = {
  body: { maxBytes: 20 * 2 ** 20, timeoutMs: 60_000 },
  memory: new BodyMemory(2 ** 31),
  maxImages: 16,
  urls: undefined,
};

/**
 * Defines tests that such bodies are refused quickly, with the right code.
 *
 * @param mebibytes Their size; a server takes 20 by default.
 */
export function hostileBodies(mebibytes: number): void {
  const size = mebibytes * 2 ** 20 - 100;
  /** Most processor time for one, in milliseconds. */
  const mostMs = 1000 + 100 * mebibytes;

  /** Repeats a part up to the size. */
  function filled(part: string, before = "", after = ""): string {
    return before + part.repeat(Math.floor((size - before.length - after.length) / part.length)) + after;
  }

  const json = "application/json";
  const form = `multipart/form-data; boundary=${"b".repeat(70)}`;
  const line = `--${"b".repeat(70)}`;
  const cases: [what: string, code: string, type: string, body: () => string][] = [
    ["objects without end", "body-invalid", json, () => filled('{"image":"A"},', "[", '{"image":"A"}]')],
    ["texts without end", "body-invalid", json, () => filled('"AAAA",', '{"image":[', '"AAAA"]}')],
    ["empty texts without end", "body-invalid", json, () => filled('"",', '{"image":[', '""]}')],
    ["arrays in arrays", "body-invalid", json, () => filled("[")],
    ["objects in objects", "body-invalid", json, () => filled('{"a":')],
    ["arrays that are closed", "body-invalid", json, () => "[".repeat(size / 4) + "]".repeat(size / 4)],
    ["numbers without end", "body-invalid", json, () => filled("1,", "[", "1]")],
    ["a number without end", "body-invalid", json, () => filled("1")],
    ["keys without end", "body-invalid", json, () => filled('"a":1,', "{", '"b":1}')],
    ["blanks alone", "body-invalid", json, () => filled(" ")],
    ["a text without an end", "body-invalid", json, () => filled("A", '{"image":"')],
    ["a key without end", "option-invalid", json, () => filled("k", '{"', '":1,"image":"AAAA"}')],
    ["an option without end", "option-invalid", json, () => filled("1", '{"image":"AAAA","beams":"', '"}')],
    [
      "files without end",
      "images-too-many",
      form,
      () => filled(`${line}\r\nContent-Disposition: form-data; filename=a\r\n\r\n\r\n`),
    ],
    [
      "fields without end",
      "body-invalid",
      form,
      () => filled(`${line}\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n`),
    ],
    ["heads without end", "body-invalid", form, () => filled("a: b\r\n", `${line}\r\n`)],
    ["near boundaries", "body-invalid", form, () => filled(`\r\n${line.slice(0, -1)}c`, `${line}\r\n\r\n\r\n`)],
    [
      "parameters without end",
      "body-invalid",
      form,
      () => filled(';a="\\\\', `${line}\r\nContent-Disposition: form-data`),
    ],
  ];

  describe(`bodies of ${mebibytes} MiB`, () => {
    for (const [what, code, type, body] of cases) {
      test(`that are ${what} are refused at once`, async () => {
        const request = new Request("http://localhost/v1/captions", {
          method: "POST",
          body: body(),
          headers: { "content-type": type },
        });
        const took = processorTime();
        const error = await readPictures(request, limits).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ name: "Problem", code });
        expect((error as Problem).message.length).toBeLessThan(300);
        expect(took()).toBeLessThan(mostMs);
      });
    }

    test("that hold one photo in base64 are read", async () => {
      const body = filled("AAAA", '{"image":"', '"}');
      const request = new Request("http://localhost/", { method: "POST", body, headers: { "content-type": json } });
      const { pictures } = await readPictures(request, limits);
      expect(pictures[0]!.bytes.length).toBe(((body.length - '{"image":""}'.length) / 4) * 3);
    });
  });

  describe(`bodies of ${mebibytes} MiB in other servers' shapes`, () => {
    const begin = '{"messages":[{"role":"user","content":[';
    const bodies: [what: string, status: number, body: () => string][] = [
      ["parts without end", 400, () => filled('{"type":"text"},', begin, '{"type":"text"}]}]}')],
      ["messages without end", 400, () => filled("{},", '{"messages":[', "{}]}")],
      ["a prompt without end", 400, () => filled("short in one ", '{"messages":[{"role":"user","content":"', '"}]}')],
      ["blanks in a prompt without end", 400, () => filled(" ", '{"messages":[{"role":"user","content":"', '"}]}')],
      ["a role without end", 400, () => filled("user", '{"messages":[{"role":"', '","content":[]}]}')],
      ["a URL without end", 403, () => filled("h", `${begin}{"type":"image_url","image_url":"http://`, '"}]}]}')],
      ["a schema without end", 400, () => filled('{"a":', '{"messages":[],"response_format":{"x":', "1}")],
      [
        "pictures without end",
        413,
        () => `${begin}${Array(200).fill('{"type":"image_url","image_url":"AAAA"}').join(",")}]}]}`,
      ],
    ];
    // One for all, since its start takes most of the time.
    let tiny: TinyServer;
    beforeAll(async () => {
      tiny = await tinyServer();
    });
    afterAll(() => tiny[Symbol.asyncDispose]());
    for (const [what, status, body] of bodies) {
      test(`that are ${what} are refused at once`, async () => {
        const text = body();
        const took = processorTime();
        const url = `${tiny.url}/v1/chat/completions`;
        const response = await fetch(url, { method: "POST", body: text });
        const answer = await response.text();
        expect([what, response.status, answer.length < 500]).toEqual([what, status, true]);
        // Sending the body takes time, too.
        expect(took()).toBeLessThan(2 * mostMs);
      });
    }
  });
}
