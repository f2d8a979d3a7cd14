/** Bodies of the largest size that are made to be slow to read are refused in a moment, by what they are. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BodyMemory } from "../../src/server/body_memory.ts";
import { formParts } from "../../src/server/form_parts.ts";
import { headerParameters } from "../../src/server/header_parameters.ts";
import { parseJsonBody } from "../../src/server/json_body.ts";
import { readPictures } from "../../src/server/pictures.ts";
import { Problem } from "../../src/server/problem.ts";
import { processorTime } from "../processor_time.ts";
import { isWhole, rawExchange } from "./raw_http.ts";
import { example, tinyServer } from "./tiny_server.ts";

const size = 20 * 2 ** 20 - 100;
const limits = {
  body: { maxBytes: 20 * 2 ** 20, timeoutMs: 60_000 },
  memory: new BodyMemory(2 ** 31),
  maxImages: 16,
  urls: undefined,
};

/** Most processor time for one, in milliseconds. */
const mostMs = 3000;

/** A part again and again, up to the size. */
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
  ["arrays that are closed", "body-invalid", json, () => "[".repeat(5e6) + "]".repeat(5e6)],
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

describe("bodies of 20 MiB", () => {
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

  test("that come in a million chunks are given up", async () => {
    await using tiny = await tinyServer();
    const { status, text } = await rawExchange(
      tiny.url,
      (write) => {
        write("POST /v1/captions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        write("1\r\na\r\n".repeat(1_000_000));
      },
      { until: isWhole, limitMs: 30_000 },
    );
    expect([status, text.includes('"code":"body-invalid"')]).toEqual([400, true]);
    expect((await tiny.post("", example("coffee.jpg"))).status).toBe(200);
  });
});

describe("bodies of 20 MiB in other servers' shapes", () => {
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
  for (const [what, status, body] of bodies) {
    test(`that are ${what} are refused at once`, async () => {
      await using tiny = await tinyServer();
      const text = body();
      const took = processorTime();
      const url = `${tiny.url}/v1/chat/completions`;
      const response = await fetch(url, { method: "POST", body: text });
      const answer = await response.text();
      expect([what, response.status, answer.length < 500]).toEqual([what, status, true]);
      // The body travels, too.
      expect(took()).toBeLessThan(2 * mostMs);
    });
  }
});

describe("parseJsonBody()", () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  test("reads whatever JSON.parse() reads within the limits, property", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJsonBody(encode(text), 1e6)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("counts what stands outside of texts, and depth, whatever the texts hold", () => {
    const texts = '{"a[{\\"]": "}}]]\\\\", "b": [1, {"c": "\\u0022[[[["}]}';
    expect(parseJsonBody(encode(texts), 17)).toEqual(JSON.parse(texts));
    expect(() => parseJsonBody(encode(texts), 16)).toThrow("too many values");
    expect(parseJsonBody(encode(`${"[".repeat(64)}${"]".repeat(64)}`), 200)).toBeInstanceOf(Array);
    expect(() => parseJsonBody(encode(`${"[".repeat(65)}${"]".repeat(65)}`), 200)).toThrow("more than 64 levels deep");
  });
});

describe("formParts()", () => {
  const parts = (text: string, type = "multipart/form-data; boundary=XX") =>
    [...formParts(Uint8Array.from(Buffer.from(text, "latin1")), type)].map(({ bytes, ...part }) => ({
      ...part,
      text: Buffer.from(bytes).toString("latin1"),
    }));

  test("reads names and file names as clients write them", () => {
    for (const [disposition, name, fileName] of [
      ['form-data; name="image"; filename="a.jpg"', "image", "a.jpg"],
      ["form-data; name=image; filename=a.jpg; filename*=utf-8''%C3%A4%20b.jpg", "image", "\u00e4 b.jpg"],
      ["form-data;name=image;filename=a b.jpg", "image", "a b.jpg"],
      ['form-data; filename="C:\\photos\\a.jpg"; name="image"', "image", "a.jpg"],
      ['form-data; NAME="image"; FileName="../../etc/a.jpg"', "image", "a.jpg"],
      ['form-data; name="a\\"b"', 'a"b', undefined],
      ["form-data; name=\"image\"; filename*=utf-8''%zz", "image", undefined],
      ["form-data", "", undefined],
    ] as const) {
      const found = parts(`--XX\r\nContent-Disposition: ${disposition}\r\n\r\nx\r\n--XX--\r\n`);
      expect(found).toEqual([{ name, fileName, type: undefined, text: "x" }]);
    }
  });

  test("takes preambles, empty parts, blanks behind boundaries and quoted boundaries", () => {
    const text = "before\r\n--XX \t\r\n\r\n\r\n--XX\r\ncontent-type: IMAGE/JPEG; q=1\r\n\r\na\r\n--X\r\n--XX--after";
    expect(parts(text, 'multipart/form-data; charset=utf-8; boundary="XX"')).toEqual([
      { name: "", fileName: undefined, type: undefined, text: "" },
      { name: "", fileName: undefined, type: "image/jpeg", text: "a\r\n--X" },
    ]);
    expect(parts("--XX--\r\n")).toEqual([]);
  });

  test("reads what FormData writes, property", async () => {
    const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => /^[^\r\n"\\%]+$/.test(text));
    const field = fc.record({ name, bytes: fc.uint8Array({ maxLength: 200 }), fileName: name });
    await fc.assert(
      fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 5 }), async (fields) => {
        const data = new FormData();
        for (const { name: key, bytes, fileName } of fields)
          data.append(key, new Blob([Uint8Array.from(bytes)]), `x${fileName.replaceAll("/", "_")}`);
        const response = new Response(data);
        const type = response.headers.get("content-type")!;
        const found = [...formParts(new Uint8Array(await response.arrayBuffer()), type)];
        expect(found.map((part) => [part.name.trim(), part.fileName!.trim(), [...part.bytes]])).toEqual(
          fields.map((one) => [one.name.trim(), `x${one.fileName.replaceAll("/", "_")}`.trim(), [...one.bytes]]),
        );
      }),
    );
  });

  test("reads or refuses any bytes, property", () => {
    const piece = fc.constantFrom(
      "--XX",
      "\r\n",
      "--",
      "Content-Disposition: form-data; name=",
      '"',
      ";",
      "x",
      "\r\n\r\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parts(pieces.join(""));
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          expect(error.code).toBe("body-invalid");
        }
      }),
    );
  });
});

describe("headerParameters()", () => {
  test("takes no time that grows faster than the header, and no more than sixteen", () => {
    for (const part of [";", '; a="', "; a=b", "; =", ';a="\\', ";a ", "; a\t=\t"]) {
      const took = processorTime();
      expect(headerParameters(`x${part.repeat(100_000)}`).size).toBeLessThanOrEqual(16);
      expect(took()).toBeLessThan(1000);
    }
  });
});
