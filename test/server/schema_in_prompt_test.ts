/** JSON schemas in messages: libraries write them there if users do not choose the server's support for schemas. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Ollama } from "ollama";
import type OpenAI from "openai";
import { base64, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { clientOf, type Message, message } from "./openai_client.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const url = dataUrl(coffee);
const filled = { caption: known, tags: ["fire hydrant", "dog", "grass"] };
const properties = { caption: { type: "string" }, tags: { items: { type: "string" }, type: "array" } };
const schema = JSON.stringify({ properties, required: ["caption", "tags"], title: "Photo", type: "object" }, null, 2);
/** As instructor says it. */
const instructions = `As a genius expert, your task is to provide\nobjects that match this json_schema:\n\n${schema}\n`;
const unknown = JSON.stringify({ type: "object", properties: { price: { type: "number" } }, required: ["price"] });
const json = { type: "json_object" } as const;
const model = "any";
let server: TinyServer;
let client: OpenAI;

beforeAll(async () => {
  server = await knowingServer();
  client = clientOf(server, "any");
});

afterAll(() => server[Symbol.asyncDispose]());

async function asked(body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>, text = "Describe {this}") {
  const { messages = [], ...more } = body;
  const { data, response } = await client.chat.completions
    .create({ model, messages: [...messages, message(text, url)], ...more })
    .withResponse();
  return { text: data.choices[0]?.message.content ?? "", notes: response.headers.get("edgecap-note") };
}

describe("a schema in a message", () => {
  test("of the system or the user is filled in, with JSON mode or without", async () => {
    for (const format of [{ response_format: json }, {}])
      for (const [messages, text] of [
        [[{ role: "system", content: instructions }]],
        [[{ role: "developer", content: [{ type: "text", text: instructions }] }]],
        [[], `${instructions} Describe it.`],
      ] satisfies [Message[], string?][]) {
        const answer = await asked({ messages, ...format }, text);
        expect([JSON.parse(answer.text), answer.notes]).toEqual([filled, "json-schema"]);
      }
  });

  test("streams, and leaves the prompt's other wishes", async () => {
    const stream = await client.chat.completions.create({
      model,
      stream: true,
      messages: [{ role: "system", content: instructions }, message("Gender-neutral, please", url)],
    });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(JSON.parse(text)).toEqual({ ...filled, caption: "a pet's bowl stands on grass" });
    const answer = await asked({ messages: [{ role: "system", content: instructions }] }, "Gender-neutral, please");
    expect(answer.notes).toBe("neutral, json-schema");
  });

  test("that cannot be filled in is refused in JSON mode, and ignored without", async () => {
    const messages = [{ role: "system", content: unknown }] as const;
    await expect(asked({ messages: [...messages], response_format: json })).rejects.toThrow('asks for "price"');
    expect(await asked({ messages: [...messages] })).toEqual({ text: known, notes: "prompt-ignored" });
    const nothing = JSON.stringify({ type: "object", properties: {} });
    expect((await asked({ messages: [{ role: "system", content: nothing }] })).text).toBe(known);
  });

  test("gives way to response_format, to a call, and to several pictures", async () => {
    const messages = [{ role: "system", content: unknown }] as const;
    const format = { type: "json_schema", json_schema: { name: "photo", schema: JSON.parse(schema) } } as const;
    expect(JSON.parse((await asked({ messages: [...messages], response_format: format })).text)).toEqual(filled);
    const two = await client.chat.completions.create({
      model,
      response_format: json,
      messages: [{ role: "system", content: instructions }, message("Both", url), message("Both", url)],
    });
    expect(Object.keys(JSON.parse(two.choices[0]!.message.content!))).toEqual(["pictures"]);
  });

  test("works in the other shapes too", async () => {
    const picture = { type: "input_image", image_url: url, detail: "auto" } as const;
    const input = [{ role: "user" as const, content: [picture] }];
    const response = await client.responses.create({ model, instructions, input });
    expect(JSON.parse(response.output_text)).toEqual(filled);
    const ollama = new Ollama({ host: server.url });
    const images = [base64(coffee)];
    const generated = await ollama.generate({ model, prompt: "Describe", system: instructions, images });
    expect(JSON.parse(generated.response!)).toEqual(filled);
    const messages = [
      { role: "system", content: instructions },
      { role: "user", content: "Describe", images },
    ];
    const chatted = await ollama.chat({ model, messages, format: "json" });
    expect(JSON.parse(chatted.message.content)).toEqual(filled);
  });
});

describe("an example of JSON in a message", () => {
  const example = '{"caption": "...", "tags": ["..."], "mood": "..."}';

  test("is filled in as far as it is known, with JSON mode or without", async () => {
    for (const format of [{ response_format: json }, {}])
      for (const [messages, text] of [
        [[{ role: "system", content: `Answer only with JSON like ${example}` }]],
        [[], `Suggest what this shows. Respond with JSON like ${example}. No prose.`],
        [[], 'Return valid JSON with the keys "caption", "tags" and "mood".'],
      ] satisfies [Message[], string?][]) {
        const answer = await asked({ messages, ...format }, text);
        expect(JSON.parse(answer.text)).toEqual(filled);
        expect(answer.notes).toContain("json-example");
      }
  });

  test("of which nothing is known gives what JSON mode gives, or else the caption", async () => {
    const text = 'Answer with JSON like {"price": 0}';
    expect(await asked({}, text)).toEqual({ text: known, notes: "prompt-ignored" });
    expect(Object.keys(JSON.parse((await asked({ response_format: json }, text)).text))).toEqual(["caption", "labels"]);
  });

  test("has no effect if the message does not speak of JSON", async () => {
    expect((await asked({}, 'What does {"caption": "..."} mean?')).text).toBe(known);
  });
});
