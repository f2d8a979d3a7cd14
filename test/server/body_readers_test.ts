/** The readers of bodies: JSON, forms and the parameters of headers. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formParts } from "../../src/server/form_parts.ts";
import { headerParameters } from "../../src/server/header_parameters.ts";
import { parseJsonBody } from "../../src/server/json_body.ts";
import { Problem } from "../../src/server/problem.ts";
import { processorTime } from "../processor_time.ts";

describe("parseJsonBody()", () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  test("reads everything that JSON.parse() reads within the limits, property", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJsonBody(encode(text), 1e6)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("counts bytes outside of texts, and depth, whatever the texts contain", () => {
    const texts = '{"a[{\\"]": "}}]]\\\\", "b": [1, {"c": "\\u0022[[[["}]}';
    expect(parseJsonBody(encode(texts), 17)).toEqual(JSON.parse(texts));
    expect(() => parseJsonBody(encode(texts), 16)).toThrow("too many values");
    expect(parseJsonBody(encode(`${"[".repeat(64)}${"]".repeat(64)}`), 200)).toBeInstanceOf(Array);
    expect(() => parseJsonBody(encode(`${"[".repeat(65)}${"]".repeat(65)}`), 200)).toThrow("more than 64 levels deep");
  });

  test("reduces the depth after each array and object, and refuses too many of either kind", () => {
    for (const one of ["[]", "{}", '{"a":[]}']) {
      const siblings = `[${new Array(20).fill(one).join(",")}]`;
      expect(parseJsonBody(encode(siblings), 1000)).toEqual(JSON.parse(siblings));
    }
    expect(() => parseJsonBody(encode(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`), 1000)).toThrow("64 levels deep");
  });

  test("counts no blank of any kind, and every other byte outside of texts", () => {
    expect(parseJsonBody(encode("[ \n\r\t1,\n\n\r\r\t\t2,3]"), 7)).toEqual([1, 2, 3]);
    expect(() => parseJsonBody(encode("[1,2,3]"), 6)).toThrow("too many values");
    expect(parseJsonBody(encode('["a long text that does not count"]'), 3)).toEqual([
      "a long text that does not count",
    ]);
  });

  test("refuses what is not JSON or not UTF-8, with its cause", () => {
    const bytes = [encode('{"a":'), encode('"no end'), encode('"\\'), encode(""), Uint8Array.of(0x22, 0xff, 0x22)];
    for (const body of bytes) {
      let thrown: unknown;
      try {
        parseJsonBody(body, 100);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ name: "Problem", code: "body-invalid", cause: expect.any(Error) });
    }
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

  test("says in which way a form is broken", () => {
    const long = `A: ${"a".repeat(8192)}`;
    for (const [text, why, type] of [
      ["--XX--\r\n", "its Content-Type lacks a boundary", "multipart/form-data"],
      [
        `--${"X".repeat(201)}--`,
        "its Content-Type lacks a boundary",
        `multipart/form-data; boundary=${"X".repeat(201)}`,
      ],
      ["", "its boundary is not in it"],
      ["--XY--", "its boundary is not in it"],
      // A boundary only counts at the beginning of a line.
      ["before--XX--", "its boundary is not in it"],
      ["--XX-", "it ends after a boundary"],
      ["--XX-a", "it ends after a boundary"],
      ["--XXa-", "it ends after a boundary"],
      ["--XXab", "it ends after a boundary"],
      ["--XX\ra\n\r\n\r\n", "it ends after a boundary"],
      ["--XXa\n\r\n\r\n", "it ends after a boundary"],
      ["--XX\r\nA: b", "the headers of a part are incomplete"],
      [`--XX\r\n${long}\r\n\r\nx\r\n--XX--`, "the headers of a part are incomplete, or longer than 8192 bytes"],
      ["--XX\r\nA: b\r\n\r\nx\r\n--X", "it ends inside a part"],
    ] as const) {
      expect(() => parts(text, type)).toThrow(why);
    }
  });

  test("takes the header of the name alone, and its value without what surrounds it", () => {
    const head = "X-Content-Type: text/a\r\ncontent-type:  Image/PNG ; q=1;r=2 ";
    expect(parts(`--XX\r\n${head}\r\n\r\nx\r\n--XX--`)[0]).toMatchObject({ type: "image/png", text: "x" });
    for (const [value, fileName] of [
      ["utf-8'en'a%20b.jpg", "a b.jpg"],
      ["UTF-8''a", "a"],
      ["xutf-8''a", undefined],
      ["utf-8'a", undefined],
    ] as const) {
      const found = parts(`--XX\r\nContent-Disposition: form-data; filename*=${value}\r\n\r\nx\r\n--XX--`);
      expect([value, found[0]!.fileName]).toEqual([value, fileName]);
    }
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
