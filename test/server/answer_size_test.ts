/** What a request can make the server answer, hold or do beyond its own size. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { processorTime } from "../processor_time.ts";
import { base64, blank, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const picture = { type: "image_url", image_url: { url: dataUrl(coffee) } };
const messages = [{ role: "user", content: [picture] }];
const input = [{ role: "user", content: [{ type: "input_image", image_url: dataUrl(coffee) }] }];
const images = [base64(coffee)];
/** Two megabytes that would be a million words. */
const long = "x ".repeat(1_000_000);
const text = { type: "string" };
const object = (properties: object) => ({ type: "object", properties, required: Object.keys(properties) });
const schema = object({ caption: text, mood: { ...text, const: long } });
const tools = (parameters: object, count = 1) =>
  Array.from({ length: count }, (_, at) => ({ type: "function", function: { name: `f${at}`, parameters } }));

let server: TinyServer;

beforeAll(async () => {
  server = await knowingServer();
});

afterAll(() => server[Symbol.asyncDispose]());

async function post(path: string, body: object): Promise<{ status: number; text: string }> {
  const response = await fetch(server.url + path, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

describe("an answer", () => {
  const requests: readonly (readonly [what: string, path: string, body: object])[] = [
    ["a schema's value", "/v1/chat/completions", { messages, response_format: { type: "json_schema", schema } }],
    ["a function's value", "/v1/chat/completions", { messages, tools: tools(schema), tool_choice: "required" }],
    [
      "the values of many functions",
      "/v1/chat/completions",
      { messages, tools: tools(object({ caption: text }), 200) },
    ],
    ["a choice that is not there", "/v1/chat/completions", { messages, tool_choice: { name: long } }],
    ["a schema's value", "/api/generate", { images, format: schema }],
    ["a function's value", "/api/chat", { messages: [{ content: "", images }], tools: tools(schema) }],
    ["a model's name", "/api/generate", { images, model: long }],
    ["a schema's value", "/v1/responses", { input, text: { format: { type: "json_schema", schema } } }],
    ["instructions", "/v1/responses", { input, instructions: long }],
    ["a kind of text", "/v1/responses", { input, text: { format: { type: long } } }],
    ["a choice", "/v1/responses", { input, tool_choice: long }],
    ["functions that are not called", "/v1/responses", { input, tools: tools(schema) }],
  ];
  for (const [what, path, body] of requests)
    for (const stream of [false, true])
      test(`of ${path} does not grow with ${what}${stream ? ", as a stream" : ""}`, async () => {
        const took = processorTime();
        const answer = await post(path, { ...body, stream });
        expect([200, 400]).toContain(answer.status);
        expect(answer.text.length).toBeLessThan(100_000);
        expect(took()).toBeLessThan(3000);
      });

  test("of /v1/responses repeats what the request asks for, if it is short", async () => {
    const format = { type: "json_schema", name: "photo", schema: object({ caption: text }) };
    const short = { instructions: "Be brief.", tool_choice: "auto", tools: tools(object({ city: text })) };
    const { text: answer } = await post("/v1/responses", { input, ...short, text: { format } });
    expect(JSON.parse(answer)).toMatchObject({ ...short, text: { format } });
    const plain = JSON.parse((await post("/v1/responses", { input })).text);
    expect(plain).toMatchObject({
      instructions: null,
      tool_choice: "none",
      tools: [],
      text: { format: { type: "text" } },
    });
    expect(plain.output[0].content[0].text).toBe(known);
    const cut = JSON.parse((await post("/v1/responses", { input, instructions: long, tools: tools(schema) })).text);
    expect(cut).toMatchObject({ instructions: null, tools: [], tool_choice: "auto" });
  });
});

describe("several pictures", () => {
  /** A host that never finishes a picture. */
  let host: http.Server;
  let open = 0;

  beforeAll(async () => {
    host = http.createServer((_, response) => {
      open++;
      const timer = setInterval(() => response.write(Buffer.alloc(1024)), 5);
      response.on("close", () => {
        clearInterval(timer);
        open--;
      });
    });
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  });

  afterAll(() => {
    host.closeAllConnections();
    host.close();
  });

  test("are given up once one of them fails, because nobody counts their memory any more", async () => {
    await using tiny = await knowingServer({ allowUrlHosts: ["127.0.0.0/8"], urlTimeoutMs: 3_600_000 });
    const address = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    const bad = `${address.replace("127.0.0.1", "127.0.0.2")}/`;
    for (const [path, body] of [
      ["/v1/captions", (urls: readonly string[]) => ({ image: urls })],
      [
        "/v1/chat/completions",
        (urls: readonly string[]) => ({
          messages: [{ content: urls.map((url) => ({ type: "image_url", image_url: { url } })) }],
        }),
      ],
    ] as const) {
      const urls = [...Array.from({ length: 15 }, (_, at) => `${address}/${at}`), bad];
      const response = await fetch(tiny.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body(urls)),
      });
      // No server listens at that address.
      expect([path, [400, 422].includes(response.status)]).toEqual([path, true]);
      await response.text();
      while (open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await (await fetch(`${tiny.url}/metrics`)).text()).toMatch(/\nedgecap_body_bytes 0\n/);
    }
  });

  test("that are read count for the one request alone", async () => {
    const content = [picture, { type: "image_url", image_url: { url: `data:image/png;base64,${base64(blank())}` } }];
    const { status, text: answer } = await post("/v1/chat/completions", { messages: [{ content }] });
    expect(status).toBe(200);
    expect(JSON.parse(answer).choices[0].message.content.split("\n")).toHaveLength(2);
  });
});
