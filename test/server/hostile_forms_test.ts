/** Forms and data URLs that no browser writes: each is read as it was meant, or refused with a code. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BodyMemory } from "../../src/server/body_memory.ts";
import { formParts } from "../../src/server/form_parts.ts";
import { readPictures } from "../../src/server/pictures.ts";
import { Problem } from "../../src/server/problem.ts";
import { processorTime } from "../processor_time.ts";
import { example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

let tiny: TinyServer;
beforeAll(async () => {
  tiny = await tinyServer();
});
afterAll(() => tiny[Symbol.asyncDispose]());

const coffee = example("coffee.jpg");

function joined(...pieces: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece))),
  );
}

const form = (boundary: string) => `multipart/form-data; boundary=${boundary}`;
const file = 'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\n';
const field = (name: string, value: string) =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
/** A form of one picture, with some text before its picture and some behind it. */
const photo = (head = file, before = "", after = "", boundary = "XX") =>
  joined(before, `--${boundary}\r\n${head}\r\n`, coffee, `\r\n${after}--${boundary}--\r\n`);
const inner = `--XX\r\n${file}Content-Type: multipart/mixed; boundary=YY\r\n\r\n`;
const megabyte = 2 ** 20;

/** Forms, with the code of the refusal, or the number of captions. */
const forms: [what: string, outcome: string | number, body: () => Uint8Array<ArrayBuffer>, type?: string][] = [
  ["an empty boundary", "body-invalid", () => photo(), 'multipart/form-data; boundary=""'],
  ["no boundary", "body-invalid", () => photo(), "multipart/form-data"],
  ["a boundary of 200 characters", 1, () => photo(file, "", "", "x".repeat(200)), form("x".repeat(200))],
  ["a boundary of 201", "body-invalid", () => photo(file, "", "", "x".repeat(201)), form("x".repeat(201))],
  ["a quoted boundary with spaces", 1, () => photo(file, "", "", "a b:?=()"), form('"a b:?=()"')],
  ["a boundary of a pattern's signs", 1, () => photo(file, "", "", ".*+[^$"), form('".*+[^$"')],
  ["two boundaries, of which the first counts", 1, () => photo(), `${form("XX")}; boundary=YY`],
  ["another boundary in its head", "body-invalid", () => photo(), form("YY")],
  [
    "a boundary behind 16 parameters",
    "body-invalid",
    () => photo(),
    `multipart/form-data${"; a=b".repeat(16)}; boundary=XX`,
  ],
  ["the last boundary missing", "body-invalid", () => joined(`--XX\r\n${file}\r\n`, coffee)],
  ["half of the last boundary", "body-invalid", () => joined(`--XX\r\n${file}\r\n`, coffee, "\r\n--XX-")],
  ["line feeds alone", "body-invalid", () => joined(`--XX\n${file.replace("\r", "")}\n`, coffee, "\n--XX--\n")],
  ["a megabyte before it", 1, () => photo(file, `${"p".repeat(megabyte)}\r\n`)],
  ["a megabyte before it, without a line break", "images-missing", () => photo(file, "p".repeat(megabyte))],
  ["a megabyte behind it", 1, () => joined(photo(), "p".repeat(megabyte))],
  ["a hundred thousand parts", "body-invalid", () => joined("--XX\r\n\r\n\r\n".repeat(100_000), "--XX--")],
  ["a hundred thousand files", "images-too-many", () => joined(`--XX\r\n${file}\r\n\r\n`.repeat(100_000), "--XX--")],
  ["a part without headers", 1, () => photo("")],
  ["no part at all", "images-missing", () => joined("--XX--\r\n")],
  ["a file without content", "image-empty", () => joined(`--XX\r\n${file}\r\n\r\n--XX--\r\n`)],
  ["a form in a form", "image-unsupported", () => joined(inner, "--YY\r\n\r\na\r\n--YY--\r\n--XX--")],
  ["two pictures of one name", 2, () => joined(`--XX\r\n${file}\r\n`, coffee, "\r\n", photo())],
  ["a picture in base64", "encoding-unsupported", () => photo(`${file}Content-Transfer-Encoding: base64\r\n`)],
  ["an encoded field", "encoding-unsupported", () => photo(`${file}CONTENT-transfer-encoding:quoted-printable\r\n`)],
  ["a picture of eight bits", 1, () => photo(`${file}Content-Transfer-Encoding: Binary\r\n`)],
  ["an unknown field", "option-invalid", () => photo(file, field("pixels", "3"))],
  ["__proto__ as a field", "option-invalid", () => photo(file, field("__proto__", "3"))],
  ["one option twice", "option-invalid", () => photo(file, field("beams", "2") + field("beams", "x"))],
  ["a megabyte as an option", "option-invalid", () => photo(file, field("beams", "2".repeat(megabyte)))],
  ["a null in a file's name", 1, () => photo('Content-Disposition: form-data; name="image"; filename="a\0.jpg"\r\n')],
  ["8 KiB of parameters", 1, () => photo(`Content-Disposition: form-data; filename=a${"; a=b".repeat(1500)}\r\n`)],
  ["9 KiB of parameters", "body-invalid", () => photo(`Content-Disposition: form-data${"; a=b".repeat(1900)}\r\n`)],
];

describe("a form with", () => {
  for (const [what, outcome, body, type = form("XX")] of forms) {
    test(`${what} is ${typeof outcome === "number" ? "read" : "refused"}`, async () => {
      const sent = body();
      const took = processorTime();
      const response = await tiny.post("", sent, { "content-type": type });
      if (typeof outcome === "string") {
        expect([response.status < 500, await problemCode(response)]).toEqual([true, outcome]);
        expect(took()).toBeLessThan(2000);
      } else {
        const found = (await response.json()) as { caption?: unknown } | { caption?: unknown }[];
        expect(response.status).toBe(200);
        expect(
          (Array.isArray(found) ? found : [found]).filter(({ caption }) => typeof caption === "string").length,
        ).toBe(outcome);
      }
    });
  }
});

/** Data URLs, with the code of the refusal; `undefined` if they are a picture. */
const base64 = Buffer.from(coffee).toString("base64");
const addresses: [what: string, code: string | undefined, url: () => string][] = [
  ["a charset", undefined, () => `data:image/jpeg;charset=utf-8;base64,${base64}`],
  ["a quoted parameter", undefined, () => `data:image/jpeg;name="a;b";base64,${base64}`],
  ["no type", undefined, () => `data:;base64,${base64}`],
  ["capitals", undefined, () => `DATA:IMAGE/JPEG;BASE64,${base64}`],
  ["spaces around base64", undefined, () => `data:image/jpeg; base64 ,${base64}`],
  [
    "every character escaped",
    undefined,
    () => `data:image/jpeg;base64,${base64.replace(/./g, (one) => `%${one.charCodeAt(0).toString(16)}`)}`,
  ],
  ["blanks in it", undefined, () => ` data:image/jpeg;base64,\n${base64.replace(/.{76}/g, "$&\r\n")}\n`],
  ["no base64 mark", "body-invalid", () => `data:image/jpeg,${base64}`],
  ["the mark before a parameter", "body-invalid", () => `data:image/jpeg;base64;charset=utf-8,${base64}`],
  ["no comma", "body-invalid", () => `data:image/jpeg;base64${base64}`],
  ["bytes in percent", "body-invalid", () => `data:image/jpeg;base64,%ff%d8%ff`],
  ["a percent sign alone", "body-invalid", () => `data:image/jpeg;base64,${base64}%`],
  ["a megabyte of parameters", "body-invalid", () => `data:image/jpeg${";a=b".repeat(megabyte / 4)};base64,${base64}`],
  ["a megabyte of blanks", "body-invalid", () => `data:image/jpeg;${" ".repeat(megabyte)},${base64}`],
  ["nothing behind the comma", "image-empty", () => "data:image/jpeg;base64,"],
  ["padding alone", "body-invalid", () => "data:image/jpeg;base64,===="],
];

describe("a data URL with", () => {
  for (const [what, code, url] of addresses) {
    test(`${what} is ${code === undefined ? "read" : "refused"}`, async () => {
      const body = JSON.stringify({ image: url() });
      const took = processorTime();
      const response = await tiny.post("", body, { "content-type": "application/json" });
      if (code === undefined) {
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({ caption: expect.any(String) });
      } else {
        expect([response.status < 500, await problemCode(response)]).toEqual([true, code]);
        expect(took()).toBeLessThan(2000);
      }
    });
  }
});

describe("formParts()", () => {
  test("takes no longer where a boundary nearly begins at each byte", () => {
    for (const [boundary, fill] of [
      [`${"-".repeat(199)}x`, "-"],
      ["a".repeat(200), "a"],
      [`${"a".repeat(100)}b${"a".repeat(99)}`, "a"],
      ["a".repeat(200), "\r\n--"],
      ["a".repeat(200), `\r\n--${"a".repeat(199)}`],
    ] as const) {
      const size = 8 * megabyte;
      const body = joined(fill.repeat(size / fill.length));
      for (const bytes of [body, joined(`--${boundary}\r\n\r\n`, body)]) {
        const took = processorTime();
        expect(() => [...formParts(bytes, form(boundary))]).toThrow(Problem);
        expect([boundary, fill, took() < 1000]).toEqual([boundary, fill, true]);
      }
    }
  });

  test("gives back each part's bytes under any boundary that is not in them, whatever surrounds them, property", () => {
    const sign = fc.constantFrom(..."'()+_,-./:=? abcXYZ019".split(""));
    const boundary = fc.string({ unit: sign, minLength: 1, maxLength: 70 }).filter((text) => !text.endsWith(" "));
    const near = fc.constantFrom("\r\n", "--", "\r\n--", "-", "\r", "\n", "x");
    fc.assert(
      fc.property(boundary, fc.array(fc.array(near), { maxLength: 5 }), fc.array(near), (line, contents, around) => {
        const bodies = contents.map((pieces) => pieces.join("").replaceAll(`\r\n--${line}`, ""));
        const before = `${around.join("")}\r\n`.replaceAll(`--${line}`, "");
        fc.pre(![before, ...bodies].some((text) => `\r\n${text}\r\n`.includes(`\r\n--${line}`)));
        const parts = bodies.map((text) => `--${line}\r\nA: b\r\n\r\n${text}\r\n`);
        const body = joined(before, ...parts, `--${line}--`, around.join(""));
        const found = [...formParts(body, `multipart/form-data; boundary="${line}"`)];
        expect(found.map(({ bytes }) => Buffer.from(bytes).toString("latin1"))).toEqual(bodies);
      }),
    );
  });

  test("reads or refuses any head of a part, property", async () => {
    const piece = fc.constantFrom(
      ...["Content-Disposition:", "Content-Type:", "Content-Transfer-Encoding:", "form-data", "; name=", "; filename="],
      ...[
        "; filename*=",
        "utf-8''",
        "%41",
        "%",
        '"',
        "\\",
        "a",
        "\r\n",
        " ",
        "\n",
        ";",
        "=",
        "image/png",
        "\0",
        "\xe4",
      ],
    );
    const limits = {
      body: { maxBytes: 10_000, timeoutMs: 60_000 },
      memory: new BodyMemory(1e9),
      maxImages: 4,
      urls: undefined,
    };
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const body = joined("--XX\r\n", pieces.join(""), "\r\n\r\n", coffee.subarray(0, 50), "\r\n--XX--");
        const headers = { "content-type": form("XX") };
        const request = new Request("http://localhost/", { method: "POST", body, headers });
        const found = await readPictures(request, limits).catch((error: unknown) => error);
        if (found instanceof Problem) expect(found.status).toBeLessThan(500);
        else expect(found).toMatchObject({ pictures: [{ bytes: expect.any(Uint8Array) }] });
      }),
      { numRuns: 300 },
    );
  });
});
