/**
 * What programs send that people host themselves: assistants, bookmarks, clouds, chats and workflows. Written
 * here from their public sources, as in programs_test.ts. Those of n8n, LibreChat, AnythingLLM and ComfyUI follow the API
 * that these programs say they use.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { base64, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const photo = example("coffee.jpg");
const image = base64(photo);
const url = dataUrl(photo);
const nouns = ["fire hydrant", "dog", "grass"];
const chat = "/v1/chat/completions";
let server: TinyServer;

beforeAll(async () => {
  server = await knowingServer();
});

afterAll(() => server[Symbol.asyncDispose]());

async function textOf(path: string, body: object): Promise<string> {
  const response = await fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return text;
}

// biome-ignore lint/suspicious/noExplicitAny: what a program reads of an answer it does not check either.
async function ask(path: string, body: object): Promise<any> {
  return JSON.parse(await textOf(path, body));
}

/** The text of a stream of Ollama's. */
async function ollamaStream(body: object): Promise<string> {
  const lines = (await textOf("/api/chat", body)).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line).message.content).join("");
}

/** The text of a stream of OpenAI's, of chats or of responses. */
async function openAiStream(path: string, body: object): Promise<string> {
  const lines = (await textOf(path, { ...body, stream: true }))
    .split("\n")
    .filter((line) => line.startsWith("data: {"));
  const events = lines.map((line) => JSON.parse(line.slice(6)));
  return events
    .map((event) =>
      event.type === "response.output_text.delta" ? event.delta : (event.choices?.[0]?.delta.content ?? ""),
    )
    .join("");
}

const picture = { type: "image_url", image_url: { url, detail: "auto" } };
const words = (text: string) => ({ type: "text", text });

describe("Home Assistant", () => {
  const structure = {
    type: "object",
    properties: {
      description: { type: "string", description: "What the camera sees" },
      tags: { type: "array", items: { type: "string" } },
      mood: { type: "string" },
    },
    required: ["description", "tags"],
  };
  const filled = { description: known, tags: nouns };

  test("fills in the structure of an AI task by its integration of Ollama", async () => {
    const answer = await ollamaStream({
      model: "knowing:latest",
      messages: [
        { role: "system", content: "You are a Home Assistant expert and help users with their tasks." },
        { role: "user", content: "Describe the driveway", images: [image] },
      ],
      tools: null,
      stream: true,
      format: structure,
      options: { num_ctx: 8192 },
      keep_alive: -1,
      think: false,
    });
    expect(JSON.parse(answer)).toEqual(filled);
  });

  test("fills in the structure by its integrations of OpenAI and OpenRouter, which require all of it", async () => {
    const { properties } = structure;
    const strict = {
      ...structure,
      properties: { ...properties, mood: { type: ["string", "null"] } },
      required: Object.keys(properties),
      additionalProperties: false,
      strict: true,
    };
    const response = await openAiStream("/v1/responses", {
      model: "gpt-4o-mini",
      input: [
        { type: "message", role: "developer", content: "You are a Home Assistant expert." },
        {
          type: "message",
          role: "user",
          content: [
            { type: "input_text", text: "Describe the driveway" },
            { type: "input_image", image_url: url, detail: "auto" },
          ],
        },
      ],
      max_output_tokens: 3000,
      top_p: 1,
      temperature: 0,
      user: "01JB",
      store: false,
      text: { format: { type: "json_schema", name: "driveway", schema: strict } },
    });
    expect(JSON.parse(response)).toEqual({ ...filled, mood: null });
    const completion = await openAiStream(chat, {
      model: "any",
      user: "01JB",
      provider: { require_parameters: true },
      messages: [
        { role: "system", content: "You are a Home Assistant expert." },
        { role: "user", content: [words("Describe the driveway"), picture] },
      ],
      response_format: { type: "json_schema", json_schema: { name: "driveway", strict: true, schema: strict } },
    });
    expect(JSON.parse(completion)).toEqual({ ...filled, mood: null });
  });
});

describe("Karakeep", () => {
  const prompt = [
    "You help with automatic tagging. Suggest tags for the attached image. The tags must be in english.",
    "- Do NOT generate any tags if the image is a screenshot of an error.",
    "- If there are no good tags, leave the array empty.",
    'You must respond in valid JSON with the key "tags" and the value is list of tags.',
    "Don't wrap the response in a markdown code.",
  ].join("\n");
  const schema = {
    type: "object",
    properties: { tags: { type: "array", items: { type: "string" } } },
    required: ["tags"],
    additionalProperties: false,
    $schema: "http://json-schema.org/draft-07/schema#",
  };
  const messages = [{ role: "user", content: [words(prompt), picture] }];

  test("gets tags from OpenAI's API in each of its forms of output", async () => {
    const structured = { type: "json_schema", json_schema: { name: "schema", strict: true, schema } };
    for (const response_format of [structured, { type: "json_object" }, undefined]) {
      const answer = await ask(chat, { model: "any", max_tokens: 2048, response_format, messages });
      expect(JSON.parse(answer.choices[0].message.content)).toEqual({ tags: nouns });
    }
    const content = [
      { type: "input_text", text: prompt },
      { type: "input_image", image_url: url },
    ];
    const input = [{ type: "message", role: "user", content }];
    for (const format of [{ type: "json_schema", name: "response", strict: true, schema }, { type: "json" }]) {
      const more = { store: false, temperature: 0, top_p: 1, reasoning: { effort: "low" } };
      const { output } = await ask("/v1/responses", { model: "gpt-5", input, text: { format }, ...more });
      expect(JSON.parse(output[0].content[0].text)).toEqual({ tags: nouns });
    }
  });

  test("gets tags from Ollama's API in each of its forms of output", async () => {
    for (const format of [schema, "json", undefined]) {
      const answer = await ollamaStream({
        model: "any",
        format,
        stream: true,
        keep_alive: "5m",
        options: { num_ctx: 2048, num_predict: 2048 },
        messages: [{ role: "user", content: prompt, images: [image] }],
      });
      expect(JSON.parse(answer)).toEqual({ tags: nouns });
    }
  });
});

test("Nextcloud sends each picture in a message of its own, before the question", async () => {
  const answer = await ask(chat, {
    model: "any",
    messages: [
      { role: "system", content: "Answer the user's question based on the provided images." },
      { role: "user", content: [{ type: "image_url", image_url: { url } }] },
      { role: "user", content: [{ type: "image_url", image_url: { url } }] },
      { role: "user", content: "What do they show?" },
    ],
    n: 1,
    max_completion_tokens: 1000,
    user: "admin",
  });
  expect(answer.choices[0].message.content).toBe(`${known}\n${known}`);
});

describe("chats and workflows", () => {
  test("n8n analyses a picture with OpenAI's and Ollama's nodes", async () => {
    const content = [words("What's in this image?"), picture];
    const answer = await ask(chat, { model: "any", messages: [{ role: "user", content }], max_tokens: 300 });
    expect(answer.choices[0].message.content).toBe(known);
    const messages = [{ role: "user", content: "What's in this image?", images: [image] }];
    expect((await ask("/api/chat", { model: "any", messages, stream: false, options: {} })).message.content).toBe(
      known,
    );
  });

  test("LibreChat and AnythingLLM stream a conversation with a picture in it", async () => {
    const messages = [
      { role: "system", content: "You are helpful." },
      { role: "user", content: [picture, words("What is this?")] },
      { role: "assistant", content: [words("a cup")] },
      { role: "user", content: [words("Describe it in one short sentence")] },
    ];
    const more = { temperature: 0.2, top_p: 1, presence_penalty: 0, frequency_penalty: 0, user: "64ff" };
    const text = await openAiStream(chat, { model: "any", messages, stream_options: { include_usage: true }, ...more });
    expect(text).toMatch(/^(?:a dog|another)/);
  });

  test("SillyTavern captions with Ollama, llama.cpp and what speaks OpenAI's API", async () => {
    const prompt = "What’s in this image?";
    const generated = await ask("/api/generate", { model: "any", prompt, images: [image], stream: false });
    expect(generated.response).toBe(known);
    const body = { model: "any", messages: [{ role: "user", content: [words(prompt), picture] }], max_tokens: 500 };
    expect((await ask(chat, body)).choices[0].message.content).toBe(known);
    const completion = { prompt: `USER:[img-1]${prompt}\nASSISTANT:`, image_data: [{ data: image, id: 1 }] };
    expect((await ask("/completion", { ...completion, temperature: 0.1, stream: false })).content).toBe(known);
  });

  test("ComfyUI's nodes for Ollama send an empty format and every option", async () => {
    const options = {
      mirostat: 0,
      num_ctx: 2048,
      repeat_penalty: 1.1,
      seed: 7,
      stop: "",
      tfs_z: 1,
      top_k: 40,
      min_p: 0,
    };
    for (const format of ["", "json"]) {
      const body = { model: "any", prompt: "describe the image", images: [image], keep_alive: "5m", stream: false };
      const { response } = await ask("/api/generate", { ...body, system: "", context: [], format, options });
      expect([format, response]).toEqual([format, expect.stringContaining(known)]);
    }
  });
});

describe("plugins for alternative text", () => {
  test("get a text within the characters that they ask for", async () => {
    const system = "You write alt text for images. Keep it under 125 characters. Return only the alt text.";
    const content = [words("Write alt text for this image."), { type: "image_url", image_url: { url, detail: "low" } }];
    const messages = [
      { role: "system", content: system },
      { role: "user", content },
    ];
    const answer = await ask(chat, { model: "any", messages, max_tokens: 100, temperature: 0 });
    expect(answer.choices[0].message.content).toBe(known);
  });

  test("get JSON if their prompt shows it", async () => {
    const prompt =
      'Analyse the image and return ONLY valid JSON, without code fences:\n{\n  "alt_text": "...",\n' +
      '  "title": "...",\n  "caption": "...",\n  "keywords": ["keyword1", "keyword2"],\n  "filename": "..."\n}';
    const answer = await ask(chat, { model: "any", messages: [{ role: "user", content: [words(prompt), picture] }] });
    expect(JSON.parse(answer.choices[0].message.content)).toEqual({
      ...{ alt_text: known, title: known, caption: known, keywords: nouns },
    });
  });

  test("are refused a picture by URL until its host is allowed", async () => {
    const content = [words("Alt text?"), { type: "image_url", image_url: { url: "https://example.org/a.jpg" } }];
    await expect(ask(chat, { messages: [{ role: "user", content }] })).rejects.toThrow(
      /403.*does not fetch pictures by URL/,
    );
  });
});
