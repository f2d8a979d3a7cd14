/** Requests of programs that do not follow the documents of OpenAI, Ollama and edgecap. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { base64, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer, tinyServer } from "./tiny_server.ts";

const photo = example("coffee.jpg");
const image = base64(photo);
const url = dataUrl(photo);
const chat = "/v1/chat/completions";
let server: TinyServer;

beforeAll(async () => {
  server = await knowingServer();
});

afterAll(() => server[Symbol.asyncDispose]());

function post(path: string, body: unknown, type?: string): Promise<Response> {
  // A blob without a type is sent without one.
  const text = new Blob([JSON.stringify(body)]);
  return fetch(server.url + path, {
    method: "POST",
    body: text,
    headers: type === undefined ? {} : { "content-type": type },
  });
}

/** The status of an answer, and the caption or the error in it. */
async function answered(response: Response): Promise<[status: number, text: string]> {
  // biome-ignore lint/suspicious/noExplicitAny: what a program reads of an answer it does not check either.
  const body = (await response.json()) as any;
  const text = body.choices?.[0].message.content ?? body.output?.[0].content[0].text ?? body.response;
  return [
    response.status,
    text ?? body.message?.content ?? body.error?.message ?? body.error ?? body.caption ?? body.detail,
  ];
}

async function ask(path: string, body: unknown): Promise<[status: number, text: string]> {
  return answered(await post(path, body, "application/json"));
}

const part = (address: string) => ({ type: "image_url", image_url: { url: address } });
const asking = (...content: object[]) => ({ messages: [{ role: "user", content }] });

describe("a picture", () => {
  test("is found behind a data URL's parameters", async () => {
    for (const head of [
      "data:image/jpeg;name=a.jpg;base64,",
      "data:image/jpeg;name=a, b.jpg;base64,",
      'data:image/jpeg;name="a;b,c.jpg";base64,',
      "DATA:;BASE64, ",
    ])
      expect([head, await ask(chat, asking(part(head + image)))]).toEqual([head, [200, known]]);
    const [status, text] = await ask(chat, asking(part("data:image/svg+xml,<svg/>")));
    expect([status, text]).toEqual([400, expect.stringContaining("not in base64")]);
  });

  test("may be a file in a message, as OpenAI's Agents and LangChain send it", async () => {
    const file = { filename: "a.jpg", file_data: url };
    expect(await ask(chat, asking({ type: "file", file }))).toEqual([200, known]);
    expect(await ask(chat, asking({ type: "file", file: { ...file, file_data: image } }))).toEqual([200, known]);
    const input = [{ role: "user", content: [{ type: "input_file", ...file }] }];
    expect(await ask("/v1/responses", { input })).toEqual([200, known]);
    const paper = { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } };
    expect(await ask(chat, asking(paper, part(url)))).toEqual([200, known]);
    const [status, text] = await ask(chat, asking(paper));
    expect([status, text]).toEqual([400, expect.stringContaining('"file"')]);
  });

  test("in a part that is not read is named as what is wrong", async () => {
    const source = { type: "base64", media_type: "image/jpeg", data: image };
    const [status, text] = await ask(chat, asking({ type: "image", source }));
    expect([status, text]).toEqual([400, expect.stringMatching(/contains no picture.*"image".*image_url/)]);
  });
});

describe("a body", () => {
  test("of Ollama's other path is named as that, instead of an empty answer", async () => {
    const [status, text] = await ask("/api/chat", { prompt: "What is this?", images: [image], stream: false });
    expect([status, text]).toEqual([400, expect.stringContaining("/api/generate")]);
    const messages = [{ role: "user", content: "What is this?", images: [image] }];
    const [other, wrong] = await ask("/api/generate", { messages, stream: false });
    expect([other, wrong]).toEqual([400, expect.stringContaining("/api/chat")]);
    for (const path of ["/api/chat", "/api/generate"])
      expect(await ask(path, { messages: [], prompt: "", images: [], keep_alive: 0 })).toEqual([200, ""]);
  });

  test("with a missing or wrong field gets an error that says what is expected there", async () => {
    expect(await ask(chat, { prompt: "hi" })).toEqual([400, "messages is missing: add it."]);
    const [, text] = await ask(chat, { messages: [{ role: "user", content: part(url) }] });
    expect(text).toMatch(/^messages\.0\.content is \{.*: expected string or array\.$/);
    const [, format] = await ask("/api/generate", { images: [image], format: "xml" });
    expect(format).toBe('format is "xml": expected "json" or "" or object.');
  });

  test("with a schema that limits a text gets a shorter sentence, found by the search", async () => {
    await using tiny = await tinyServer();
    const ofTiny = async (limit: object) => {
      const properties = { caption: { type: "string", ...limit } };
      const format = { type: "object", properties, required: ["caption"] };
      const body = JSON.stringify({ images: [image], stream: false, format });
      const response = await fetch(`${tiny.url}/api/generate`, { method: "POST", body });
      return JSON.parse(((await response.json()) as { response: string }).response).caption as string;
    };
    const { length } = await ofTiny({});
    expect(length).toBeGreaterThan(1);
    expect((await ofTiny({ maxLength: length })).length).toBe(length);
    expect((await ofTiny({ maxLength: length - 1 })).length).toBeLessThan(length);
  });

  test("may ask for JSON in a person's words", async () => {
    const nouns = ["fire hydrant", "dog", "grass"];
    for (const [text, answer] of [
      [
        "Describe this image as JSON with title, description and tags",
        { title: known, description: known, tags: nouns },
      ],
      ["Return a JSON array of relevant keywords", nouns],
      ["Give me a JSON object containing caption and keywords.", { caption: known, keywords: nouns }],
    ] as const) {
      const [status, said] = await ask(chat, asking({ type: "text", text }, part(url)));
      expect([status, JSON.parse(said)]).toEqual([200, answer]);
    }
  });
});

describe("a number", () => {
  test("may be any seed of 64 bits, and a top_k that means no limit", async () => {
    for (const seed of [2 ** 53, 2 ** 63, 2 ** 64 - 2 ** 12, -(2 ** 63)]) {
      const drawn = { seed, temperature: 1 };
      expect([seed, await ask(chat, { ...asking(part(url)), ...drawn })]).toEqual([seed, [200, known]]);
      const options = { ...drawn, top_k: -1 };
      expect(await ask("/api/generate", { images: [image], stream: false, options })).toEqual([200, known]);
    }
  });
});

describe("a path", () => {
  test("may have two slashes where an address and a path meet", async () => {
    for (const path of [`/${chat}`, "/v1//chat/completions"])
      expect([path, await ask(path, asking(part(url)))]).toEqual([path, [200, known]]);
    expect(await ask("//api/generate", { images: [image], stream: false })).toEqual([200, known]);
    expect((await fetch(`${server.url}//v1/models/knowing`)).status).toBe(200);
  });

  test("that lacks a part of the address, or has it twice, names the one that exists", async () => {
    for (const [path, right] of [
      ["/chat/completions", chat],
      ["/v1/v1/chat/completions", chat],
      ["/api/chat/completions", chat],
      ["/openai/v1/responses/", "/v1/responses"],
      ["/v1/api/chat", "/api/chat"],
      ["/generate", "/api/generate"],
    ] as const)
      expect([path, await ask(path, asking(part(url)))]).toEqual([
        path,
        [404, expect.stringContaining(`but ${right} does`)],
      ]);
    const [, other] = await ask("/v1/embeddings", {});
    expect(other).toContain("GET /openapi");
  });
});

describe("JSON", () => {
  test("is read whatever its type is said to be", async () => {
    for (const type of [undefined, "text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json"])
      for (const [path, body] of [
        ["/v1/captions", { image }],
        ["/models/any", { inputs: image }],
      ] as const) {
        const response = await post(path, body, type);
        expect([type, path, response.status, await response.text()]).toEqual([
          ...[type, path, 200],
          expect.stringContaining(known),
        ]);
      }
  });

  test("of any kind gets an answer with a reason, property", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(undefined, "text/plain"), async (body, type) => {
        const response = await post("/v1/captions", body, type);
        expect([400, 415, 422]).toContain(response.status);
        expect(((await response.json()) as { detail: string }).detail).toMatch(/\w/);
      }),
      { numRuns: 50 },
    );
  });
});
