/** Ollama's official client, unchanged, against a started server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { type GenerateResponse, Ollama, type Options } from "ollama";
import packageJson from "../../package.json" with { type: "json" };
import {
  generateAnswerSchema,
  ollamaChatAnswerSchema,
  ollamaErrorSchema,
  psSchema,
  showSchema,
  tagsSchema,
  versionSchema,
} from "../../src/server/routes/ollama_schemas.ts";
import { base64, blank, knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const images = [base64(coffee)];
let tiny: TinyServer;
let knowing: TinyServer;
let client: Ollama;

beforeAll(async () => {
  tiny = await tinyServer({ tokens: ["secret"], maxImages: 3 });
  knowing = await knowingServer();
  client = new Ollama({ host: knowing.url });
});

afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
  await knowing[Symbol.asyncDispose]();
});

const post = (path: string, body: unknown, { url } = knowing) =>
  fetch(`${url}${path}`, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });

describe("generate()", () => {
  test("gives the caption that /v1/captions gives, with every option", async () => {
    const real = new Ollama({ host: tiny.url, headers: { authorization: "Bearer secret" } });
    for (const [options, query] of [
      [{}, ""],
      [{ temperature: 0, top_k: 3, top_p: 0.5, seed: 3 }, ""],
      [{ temperature: 3, seed: 7 }, "?temperature=3&seed=7"],
      [{ temperature: 3, seed: -7, top_k: 2 }, "?temperature=3&seed=7&topK=2"],
      [{ temperature: 3, top_k: 400 }, "?temperature=3"],
      [{ num_predict: 2, num_ctx: 4096, stop: ["\n\n"] }, "?maxWords=2"],
      [{ num_predict: -1 }, ""],
    ] as [Partial<Options>, string][]) {
      const headers = { "content-type": "image/jpeg", authorization: "Bearer secret" };
      const ours = (await (await tiny.post(query, coffee, headers)).json()) as { caption: string };
      const { response, model } = await real.generate({
        model: "llava:13b",
        prompt: "Describe",
        images,
        options,
      });
      expect([options, response]).toEqual([options, ours.caption]);
      expect(model).toBe("tiny:latest");
    }
  });

  test("answers in the shape of its schema, with times in nanoseconds", async () => {
    const answer = await client.generate({ model: "any", prompt: "Describe", images: [coffee], keep_alive: "5m" });
    expect([...Value.Errors(generateAnswerSchema, answer)]).toEqual([]);
    expect(answer).toMatchObject({
      response: known,
      done: true,
      done_reason: "stop",
      load_duration: 0,
      prompt_eval_count: 1,
      prompt_eval_duration: 3_500_000,
      eval_count: 6,
      eval_duration: 4_000_000,
    });
    expect(answer.total_duration).toBeGreaterThan(10_000);
    const cut = await client.generate({ model: "any", prompt: "", images, options: { num_predict: 2 } });
    expect([cut.response, cut.done_reason]).toEqual(["a dog", "length"]);
  });

  test("streams word by word unless it is asked not to", async () => {
    const parts: GenerateResponse[] = [];
    for await (const part of await client.generate({ model: "any", prompt: "", images, stream: true }))
      parts.push(part);
    expect(parts.map(({ response, done }) => [response, done])).toEqual([
      ...["a", " dog", "'s", " bowl", " stands", " on", " grass"].map((word) => [word, false]),
      ["", true],
    ]);
    expect(parts.at(-1)).toMatchObject({ done_reason: "stop", eval_count: 6 });
    const response = await post("/api/generate", { model: "any", images });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await response.text()).trimEnd().split("\n");
    expect(lines.length).toBe(8);
    for (const line of lines) expect([...Value.Errors(generateAnswerSchema, JSON.parse(line))]).toEqual([]);
  });

  test("follows the prompt as far as possible, and answers in JSON", async () => {
    const ask = (prompt: string, format: string | object = "", all: (string | Uint8Array)[] = images) =>
      client.generate({ model: "any", prompt, images: all as string[], format });
    expect((await ask("tags")).response).toBe("fire hydrant, dog, grass");
    expect((await ask("one word")).response).toBe("dog");
    expect((await ask("", "", [coffee, blank()])).response).toBe(`${known}\n`);
    expect(JSON.parse((await ask("", "json")).response!)).toMatchObject({
      caption: known,
      labels: [{ name: "fire hydrant", confidence: 0.9 }, { name: "dog" }, { name: "grass" }],
    });
    const schema = { type: "object", properties: { caption: { type: "string" } }, required: ["caption"] };
    expect(JSON.parse((await ask("", schema)).response!)).toEqual({ caption: known });
    const note = await post("/api/generate", { prompt: "Beschreibe das auf Deutsch", images, stream: false });
    expect(note.headers.get("edgecap-note")).toBe("prompt-ignored, english-only");
    await note.body?.cancel();
  });

  test("gives no sentence that is less sure than requested, with or without a stream", async () => {
    for (const stream of [false, true]) {
      const response = await post("/api/generate", { images, stream, options: { min_confidence: 0.6 } });
      expect(response.headers.get("edgecap-note")).toBe("unsure");
      expect(await response.json()).toMatchObject({ response: "", done: true, done_reason: "stop" });
    }
  });

  test("gives the probabilities of the words", async () => {
    const response = await post("/api/generate", { images, stream: false, logprobs: true });
    const { logprobs } = (await response.json()) as { logprobs: { token: string; logprob: number }[] };
    expect(logprobs.map(({ token }) => token).join("")).toBe(known);
    expect(logprobs.every(({ logprob }) => logprob === -0.5)).toBe(true);
  });

  test("treats a request without content as one to load or unload the model", async () => {
    for (const [body, reason] of [
      [{ model: "any" }, "load"],
      [{ model: "any", keep_alive: 0 }, "unload"],
    ] as const) {
      for (const path of ["/api/generate", "/api/chat"]) {
        const response = await post(path, body);
        expect(await response.json()).toMatchObject({ done: true, done_reason: reason });
      }
    }
  });
});

describe("chat()", () => {
  test("captions the pictures of the last turn that has any", async () => {
    const user = (content: string, ...pictures: string[]) => ({ role: "user", content, images: pictures });
    const ask = async (...messages: { role: string; content: string; images?: string[] }[]) => {
      const answer = await client.chat({ model: "any", messages });
      expect([...Value.Errors(ollamaChatAnswerSchema, answer)]).toEqual([]);
      return answer.message.content;
    };
    expect(await ask({ role: "system", content: "tags" }, user("Describe", ...images))).toBe(known);
    expect(await ask(user("Image 1:", ...images), user("Image 2:", ...images), user("Describe"))).toBe(
      `${known}\n${known}`,
    );
    const answer = { role: "assistant", content: "a cup" };
    expect(await ask(user("Describe", ...images, ...images), answer, user("This?", ...images))).toBe(known);
    expect(await ask(user("Describe", ...images), answer, user("tags"))).toBe("fire hydrant, dog, grass");
  });

  test("streams", async () => {
    let text = "";
    let done = 0;
    const messages = [{ role: "user", content: "", images }];
    for await (const part of await client.chat({ model: "any", messages, stream: true })) {
      text += part.message.content;
      if (part.done) done++;
    }
    expect([text, done]).toEqual([known, 1]);
  });
});

describe("the model", () => {
  test("is listed, shown, and loaded", async () => {
    const list = await client.list();
    expect([...Value.Errors(tagsSchema, list)]).toEqual([]);
    expect(list.models.map(({ name, model }) => [name, model])).toEqual([["knowing:latest", "knowing:latest"]]);
    const ps = await client.ps();
    expect([...Value.Errors(psSchema, ps)]).toEqual([]);
    expect(ps.models[0]!.digest).toBe(list.models[0]!.digest);
    expect(ps.models[0]!.digest).toMatch(/^[0-9a-f]{64}$/);
    // LlamaIndex asks for its model before each use, whose name here can be any.
    for (const model of ["knowing", "knowing:latest", "llava"]) {
      const shown = await client.show({ model });
      expect([...Value.Errors(showSchema, shown)]).toEqual([]);
      expect(shown.capabilities).toEqual(["completion", "vision"]);
      expect(shown.model_info).toMatchObject({ "general.name": "knowing" });
    }
    const version = await client.version();
    expect([...Value.Errors(versionSchema, version)]).toEqual([]);
    expect(version.version).toBe(packageJson.version);
  });

  test("has the size of its files", async () => {
    const real = new Ollama({ host: tiny.url, headers: { authorization: "Bearer secret" } });
    const { models } = await real.list();
    expect(models[0]!.size).toBeGreaterThan(1000);
    expect(models[0]!.details).toMatchObject({ format: "onnx", family: "attention", quantization_level: "fp32" });
  });

  test("answers a client that asks whether a server is here", async () => {
    const response = await fetch(`${knowing.url}/`, { method: "HEAD" });
    expect(response.status).toBe(200);
  });
});

describe("errors", () => {
  test("have Ollama's shape, on every route", async () => {
    for (const [path, body, status, words] of [
      ["/api/generate", { prompt: "Hello" }, 400, "contains no picture"],
      ["/api/chat", { messages: [{ role: "user", content: "Hi" }] }, 400, "contains no picture"],
      ["/api/generate", { images: ["####"] }, 400, "base64"],
      ["/api/generate", { images: [base64(new TextEncoder().encode("no picture"))] }, 400, "cannot be read"],
      ["/api/generate", { images: ["https://example.org/a.jpg"] }, 403, "does not fetch pictures"],
      ["/api/generate", { images: Array(17).fill("AAAA") }, 413, "more than 16 pictures"],
      ["/api/generate", { images, options: { temperature: "hot" } }, 400, "options.temperature"],
      ["/api/generate", "no JSON", 400, "JSON"],
      ["/api/show", { model: 1 }, 400, "model is 1"],
      ["/api/pull", { model: "llava" }, 404, "This path does not exist"],
      ["/api/tags", {}, 405, "GET"],
    ] as const) {
      const response = await post(path, body);
      const answer = await response.json();
      expect([path, response.status, answer]).toEqual([path, status, { error: expect.stringContaining(words) }]);
      expect([...Value.Errors(ollamaErrorSchema, answer)]).toEqual([]);
    }
    await expect(client.generate({ model: "any", prompt: "Hello" })).rejects.toThrow("contains no picture");
  });

  test("report a missing token", async () => {
    for (const [method, path] of [
      ["POST", "/api/generate"],
      ["POST", "/api/chat"],
      ["POST", "/api/show"],
      ["GET", "/api/tags"],
      ["GET", "/api/ps"],
      ["GET", "/api/version"],
    ] as const) {
      const response = await fetch(`${tiny.url}${path}`, { method });
      expect([path, response.status]).toEqual([path, 401]);
      expect(await response.json()).toEqual({ error: expect.stringContaining("token") });
    }
  });

  test("become a line of the stream if they happen in the middle", async () => {
    const broken = base64(new TextEncoder().encode("no picture"));
    const response = await post("/api/generate", { images: [...images, broken] });
    const lines = (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines.at(-1)).toEqual({ error: expect.stringContaining("Picture 2: ") });
  });
});
