/**
 * What HTTP libraries of other languages really send, byte by byte, gets its caption. scripts/check/record_requests
 * records it.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { load } from "../../src/mod.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { isWhole, rawExchange } from "./raw_http.ts";
import { example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

const folder = new URL("../fixtures/requests/", import.meta.url);
const requests = readdirSync(folder).filter((name) => name.endsWith(".bin"));
const photo = new Uint8Array(readFileSync(new URL("../fixtures/images/grey.png", import.meta.url)));
const coffee = example("coffee.jpg");

let tiny: TinyServer;
let captions: Map<number | undefined, string>;

beforeAll(async () => {
  tiny = await tinyServer();
  await using captioner = await load({ bundle: await tinyBundleFiles() });
  captions = new Map();
  for (const beams of [undefined, 2])
    captions.set(beams, (await captioner.caption(photo, beams === undefined ? {} : { beams })).caption);
});

afterAll(() => tiny[Symbol.asyncDispose]());

describe("a request of", () => {
  for (const name of requests) {
    test(`${name.replace(".bin", "")} gets the photo's caption`, async () => {
      const bytes = readFileSync(new URL(name, folder)).toString("latin1");
      const { text } = await rawExchange(tiny.url, bytes, { until: (all) => isWhole(final(all)) });
      const answer = final(text);
      expect(answer.split("\r\n")[0]).toContain(" 200");
      // Those that send a field send it after the photo or before: two beams.
      const beams = name.endsWith("-file.bin") && bytes.includes("beams") ? 2 : undefined;
      const field = name.endsWith("-chat.bin") ? "content" : "caption";
      expect(answer).toContain(`"${field}":${JSON.stringify(captions.get(beams))}`);
    });
  }

  test("five languages and more is there", () => {
    const python = ["requests", "httpx", "urllib", "aiohttp", "httpie"];
    const rust = ["reqwest", "ureq", "async-openai"];
    for (const client of [...python, ...rust, "go", "java", "dotnet", "node", "curl", "wget"])
      expect([client, requests.some((name) => name.startsWith(`${client}-`))]).toEqual([client, true]);
  });
});

/** What comes behind an interim answer, as after `Expect: 100-continue`. */
function final(text: string): string {
  return text.replace(/^HTTP\/1\.1 1\d\d [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/, "");
}

describe("POST /v1/captions", () => {
  const accept = (value: string) => tiny.post("", coffee, { "content-type": "image/jpeg", accept: value });

  test("accepts media types with parameters, and respects their weights", async () => {
    for (const [value, type] of [
      ["application/json; charset=utf-8", "application/json"],
      ["application/json;charset=UTF-8;q=0.9, text/plain;q=0.1", "application/json"],
      ['text/plain; charset="utf-8", application/json;q=0.5', "text/plain; charset=utf-8"],
      ["text/plain; q=0.1, application/json; q=0.9", "application/json"],
      ["text/plain; charset=utf-8; q=0.9, application/json; q=0.1", "text/plain; charset=utf-8"],
      ['application/json; profile="a,b;c"', "application/json"],
      ["text/*;format=flowed", "text/plain; charset=utf-8"],
    ] as const) {
      const response = await accept(value);
      expect([value, response.status, response.headers.get("content-type")]).toEqual([value, 200, type]);
      await response.body?.cancel();
    }
    expect((await accept("image/png; charset=utf-8")).status).toBe(406);
    for (const none of ["application/json;q=0", "application/json; q=0"]) expect((await accept(none)).status).toBe(406);
  });

  test("takes a photo whatever its type is said to be, and nothing else", async () => {
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "binary/octet-stream"]) {
      const good = await tiny.post("", coffee, { "content-type": type });
      expect([type, good.status]).toEqual([type, 200]);
      await good.body?.cancel();
      const bad = await tiny.post("", "image=abc", { "content-type": type });
      expect([type, bad.status, await problemCode(bad)]).toEqual([type, 415, "type-unsupported"]);
    }
  });

  test("takes a photo that is said to be JSON or a form", async () => {
    for (const type of ["application/json", "application/json; charset=utf-8", "multipart/form-data; boundary=XX"])
      for (const path of ["/v1/captions", "/models/x", "/"]) {
        const headers = { "content-type": type };
        const response = await fetch(tiny.url + path, { method: "POST", body: coffee, headers });
        expect([type, path, response.status]).toEqual([type, path, 200]);
        await response.body?.cancel();
      }
    // Its letters are where those of WebP would be.
    const json = await tiny.post("", '{"image WEBP": 1}', { "content-type": "application/json" });
    expect([json.status, await problemCode(json)]).toEqual([422, "images-missing"]);
  });

  test("accepts photos of a form with a type or only with their bytes", async () => {
    const body = (head: string) =>
      Buffer.concat([
        Buffer.from(`--XX\r\nContent-Disposition: form-data; name=photo\r\n${head}\r\n`),
        Buffer.from(coffee),
        Buffer.from("\r\n--XX--\r\n"),
      ]);
    for (const head of ["", "Content-Type: image/jpeg\r\n", "Content-Type: application/octet-stream\r\n"]) {
      const headers = { "content-type": "multipart/form-data; boundary=XX" };
      const response = await tiny.post("", new Uint8Array(body(head)), headers);
      expect([head, response.status]).toEqual([head, 200]);
      await response.body?.cancel();
    }
  });

  test("names the Content-Encoding of a compressed body as what is wrong", async () => {
    for (const encoding of ["gzip", "br", "GZIP, deflate", "<script>"]) {
      const headers = { "content-type": "image/jpeg", "content-encoding": encoding };
      for (const path of ["/v1/captions", "/models/x"]) {
        const body = new Uint8Array(gzipSync(coffee));
        const response = await fetch(tiny.url + path, { method: "POST", body, headers });
        expect(response.headers.get("accept-encoding")).toBe("identity");
        const copy = response.clone();
        expect([encoding, response.status, await problemCode(response)]).toEqual([
          encoding,
          415,
          "encoding-unsupported",
        ]);
        const { detail } = (await copy.json()) as { detail: string };
        expect(detail).toContain("Content-Encoding");
        expect(detail).not.toContain("<script>");
        if (encoding === "gzip") expect(detail).toContain('"gzip"');
      }
    }
    const plain = await tiny.post("", coffee, { "content-type": "image/jpeg", "content-encoding": "identity" });
    expect(plain.status).toBe(200);
  });
});
