/**
 * Requests of programs that caption photos, written after their public documents and sources: their fields, the kind of
 * their prompts, and the part of the answer that they read.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { base64, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const photo = example("coffee.jpg");
const image = base64(photo);
const url = dataUrl(photo);
let server: TinyServer;

beforeAll(async () => {
  server = await knowingServer({ tokens: ["secret"] });
});

afterAll(() => server[Symbol.asyncDispose]());

// biome-ignore lint/suspicious/noExplicitAny: what a program reads of an answer it does not check either.
async function ask(path: string, body?: object, headers: Record<string, string> = {}): Promise<any> {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: "Bearer secret", "content-type": "application/json", ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text);
}

describe("PhotoPrism", () => {
  test("gets captions by its engine ollama", async () => {
    const answer = await ask("/api/generate", {
      id: "7b7e1c5c-8b4f-4f47-9b7d-0d9cbb1d9c1a",
      model: "edgecap:latest",
      prompt: "Describe what the picture mainly shows in one sentence, in the active voice, without filler words.",
      suffix: "",
      options: { temperature: 0.1 },
      stream: false,
      images: [image],
      think: false,
    });
    expect(answer.response).toBe(known);
    expect(answer.done).toBe(true);
  });

  test("gets labels by its engine ollama, which reads names and confidences from JSON", async () => {
    const answer = await ask("/api/generate", {
      model: "edgecap:latest",
      system: "You label pictures with single nouns.",
      prompt: 'Label the picture. Return JSON like {"labels": [{"name": "", "confidence": 0, "topicality": 0}]}.',
      suffix: "",
      format: "json",
      options: { temperature: 0.1, top_p: 0.9, stop: ["\n\n"] },
      stream: false,
      images: [image],
    });
    const { labels } = JSON.parse(answer.response) as { labels: { name: string; confidence: number }[] };
    expect(labels.map(({ name }) => name)).toEqual(["fire hydrant", "dog", "grass"]);
    for (const { confidence } of labels) expect(confidence > 0 && confidence <= 1).toBe(true);
  });

  test("gets captions by its engine openai, which reads the first text of the output", async () => {
    const answer = await ask("/v1/responses", {
      model: "gpt-5-mini",
      input: [
        {
          role: "user",
          type: "message",
          content: [
            { type: "input_text", text: "Describe the picture in one sentence." },
            { type: "input_image", image_url: url, detail: "low" },
          ],
        },
      ],
      reasoning: { effort: "low" },
      max_output_tokens: 512,
    });
    const texts = answer.output.flatMap(({ content }: { content: { text: string }[] }) => content);
    expect(texts.map(({ text }: { text: string }) => text)).toEqual([known]);
  });

  test("gets an error for its engine openai, which requests unknown properties of labels", async () => {
    const share = { type: "number", minimum: 0, maximum: 1 };
    const item = {
      type: "object",
      properties: { name: { type: "string", minLength: 1 }, confidence: share, topicality: share },
      required: ["name", "confidence", "topicality"],
      additionalProperties: false,
    };
    const schema = {
      type: "object",
      properties: { labels: { type: "array", items: item, default: [] } },
      required: ["labels"],
      additionalProperties: false,
    };
    const asked = ask("/v1/responses", {
      model: "gpt-5-mini",
      input: [{ role: "user", content: [{ type: "input_image", image_url: url, detail: "low" }] }],
      text: { format: { type: "json_schema", name: "labels_v1", schema, strict: true } },
    });
    await expect(asked).rejects.toThrow("labels[].topicality");
  });
});

describe("LLM Vision for Home Assistant", () => {
  test("finds the server, and gets a caption of each picture, as it asks Ollama", async () => {
    expect((await ask("/api/tags")).models.length).toBe(1);
    const answer = await ask("/api/chat", {
      model: "edgecap",
      messages: [
        { role: "user", content: "front door:", images: [image] },
        { role: "user", content: "garden:", images: [image] },
        { role: "user", content: "What happens on these pictures?" },
      ],
      system: "You describe what a camera sees. Keep it short.",
      stream: false,
      keep_alive: "5m",
      options: { num_predict: 100, temperature: 0, num_ctx: 2048 },
    });
    expect(answer.message.content).toBe(`${known}\n${known}`);
  });

  test("finds the server, and gets a caption, as it asks LocalAI", async () => {
    expect((await ask("/readyz")).status).toBe("ready");
    const answer = await ask("/v1/chat/completions", {
      model: "edgecap",
      messages: [
        { role: "system", content: "You describe what a camera sees." },
        {
          role: "user",
          content: [
            { type: "text", text: "front door:" },
            { type: "image_url", image_url: { url } },
            { type: "text", text: "What happens here?" },
          ],
        },
      ],
      max_tokens: 100,
      temperature: 0,
      top_p: 0.9,
    });
    expect(answer.choices[0].message.content).toBe(known);
  });

  test("fills its structure with what is known", async () => {
    const structure = {
      type: "object",
      properties: { description: { type: "string", description: "What happens" } },
      required: ["description"],
    };
    const answer = await ask("/v1/chat/completions", {
      model: "edgecap",
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
      response_format: { type: "json_schema", json_schema: { name: "response", schema: structure, strict: false } },
    });
    expect(JSON.parse(answer.choices[0].message.content)).toEqual({ description: known });
  });
});

describe("AI assistants for Lightroom", () => {
  const properties = { "Image title": { type: "string" }, keywords: { type: "array", items: { type: "string" } } };
  const schema = { type: "object", properties, required: ["Image title", "keywords"] };
  const messages = [
    { role: "system", content: "You describe photos." },
    { role: "user", content: "Describe the photo." },
    { role: "user", content: [{ type: "image_url", image_url: { url } }] },
  ];

  test("find the model, and get their structure from the schema alone, as they ask Ollama", async () => {
    const [model] = (await ask("/api/tags")).models;
    expect((await ask("/api/show", { model: model.name })).capabilities).toContain("vision");
    const filled = { "Image title": known, keywords: ["fire hydrant", "dog", "grass"] };
    for (const format of [
      schema,
      { type: "json_object", schema },
      { type: "json_schema", schema },
      { type: "json_schema", json_schema: { name: "results", strict: true, schema } },
    ]) {
      const answer = await ask("/v1/chat/completions", {
        model: model.name,
        response_format: format,
        messages,
        temperature: 0.1,
      });
      expect([format, JSON.parse(answer.choices[0].message.content)]).toEqual([format, filled]);
      expect(answer.choices[0].finish_reason).toBe("stop");
    }
  });
});

describe("Open WebUI", () => {
  const conversation = [
    {
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        { type: "image_url", image_url: { url } },
      ],
    },
    { role: "assistant", content: "a cup" },
    { role: "user", content: "Give me tags for it" },
  ];

  test("lists the model and streams, as it asks OpenAI", async () => {
    expect((await ask("/v1/models")).data.map(({ id }: { id: string }) => id)).toEqual(["knowing"]);
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer secret", "content-type": "application/json" },
      body: JSON.stringify({
        stream: true,
        model: "knowing",
        messages: conversation,
        stream_options: { include_usage: true },
      }),
    });
    const chunks = (await response.text())
      .split("\n")
      .filter((line) => line.startsWith("data: {"))
      .map((line) => JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] });
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text).toBe("fire hydrant, dog, grass");
  });

  test("lists the model and streams, as it asks Ollama", async () => {
    expect((await ask("/api/version")).version).toMatch(/^\d+\.\d+\.\d+/);
    const [model] = (await ask("/api/tags")).models;
    expect(model).toMatchObject({ name: "knowing:latest", model: "knowing:latest" });
    expect((await ask("/api/ps")).models.length).toBe(1);
    const response = await fetch(`${server.url}/api/chat`, {
      method: "POST",
      headers: { authorization: "Bearer secret", "content-type": "application/json" },
      body: JSON.stringify({
        model: model.model,
        messages: [{ role: "user", content: "What is this?", images: [image] }],
        stream: true,
        options: {},
      }),
    });
    const lines = (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ message }) => message.content).join("")).toBe(known);
    expect(lines.at(-1)).toMatchObject({ done: true, eval_count: 6 });
  });

  test("gets the reason why a chat without a picture has no answer", async () => {
    const title = { model: "knowing", messages: [{ role: "user", content: "Write a title for this chat." }] };
    await expect(ask("/v1/chat/completions", title)).rejects.toThrow("contains no picture");
  });
});
