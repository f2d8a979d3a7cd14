/** OpenAI's official client, unchanged, against a started server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer as createHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { Value } from "@sinclair/typebox/value";
import OpenAI from "openai";
import {
  bothModelsSchema,
  chatCompletionSchema,
  openAiErrorSchema,
  responseSchema,
} from "../../src/server/routes/openai_schemas.ts";
import { blank, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { clientOf, failure, type Message, message, type Settings } from "./openai_client.ts";
import { example, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = dataUrl(example("coffee.jpg"));
let tiny: TinyServer;
let knowing: TinyServer;
let client: OpenAI;

beforeAll(async () => {
  tiny = await tinyServer({ tokens: ["secret"], maxImages: 3 });
  knowing = await knowingServer();
  client = clientOf(knowing, "any");
});

afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
  await knowing[Symbol.asyncDispose]();
});

function chat(text: string, settings: Settings = {}, urls: string[] = [coffee]) {
  return client.chat.completions.create({ model: "gpt-4o", messages: [message(text, ...urls)], ...settings });
}

async function contentOf(text: string, settings?: Settings, urls?: string[]): Promise<string | null> {
  return (await chat(text, settings, urls)).choices[0]!.message.content;
}

describe("chat.completions.create()", () => {
  test("gives the caption that /v1/captions gives, with every option", async () => {
    const real = clientOf(tiny, "secret");
    for (const [settings, query] of [
      [{}, ""],
      [{ temperature: 0, top_p: 0.5, seed: 3 }, ""],
      [{ temperature: 0.1 }, ""],
      [{ temperature: 3, seed: 7 }, "?temperature=3&seed=7"],
      [{ temperature: 2, top_p: 0.3, seed: -7 }, "?temperature=2&topP=0.3&seed=7"],
      [{ max_tokens: 2 }, "?maxWords=2"],
      [{ max_completion_tokens: 1, max_tokens: 4 }, "?maxWords=1"],
      [{ max_tokens: 500 }, ""],
      // As clients of llama.cpp and LM Studio say that there is no limit.
      [{ max_tokens: -1 }, ""],
      [{ n: 3 }, "?alternatives=2"],
    ] as const) {
      const headers = { "content-type": "image/jpeg", authorization: "Bearer secret" };
      const ours = (await (await tiny.post(query, example("coffee.jpg"), headers)).json()) as {
        caption: string;
        alternatives: { caption: string }[];
      };
      const { choices, model } = await real.chat.completions.create({
        model: "any",
        messages: [message("Describe.", coffee)],
        ...settings,
      });
      expect([settings, choices.map((choice) => choice.message.content)]).toEqual([
        settings,
        [ours.caption, ...ours.alternatives.map(({ caption }) => caption)],
      ]);
      expect(model).toBe("tiny");
    }
  });

  test("answers in the shape of its schema, and counts pictures and words", async () => {
    const { data, response } = await chat("Describe.", { logprobs: true, top_logprobs: 2, n: 2 }).withResponse();
    expect([...Value.Errors(chatCompletionSchema, JSON.parse(JSON.stringify(data)))]).toEqual([]);
    expect(response.headers.get("edgecap-note")).toBe("prompt-ignored, no-top-logprobs");
    expect(response.headers.get("content-language")).toBe("en");
    expect(data.choices.map(({ finish_reason: reason }) => reason)).toEqual(["stop", "stop"]);
    const words = data.choices.reduce((sum, { message: { content } }) => sum + content!.split(" ").length, 0);
    expect(data.usage).toEqual({ prompt_tokens: 1, completion_tokens: words, total_tokens: 1 + words });
    const tokens = data.choices[0]!.logprobs!.content!;
    expect(tokens.map(({ token }) => token)).toEqual(["a", " dog", "'s", " bowl", " stands", " on", " grass"]);
    for (const { token, logprob, bytes, top_logprobs: top } of tokens) {
      expect(logprob).toBe(-0.5);
      expect(new TextDecoder().decode(Uint8Array.from(bytes!))).toBe(token);
      expect(top).toEqual([]);
    }
    expect(data.choices[1]!.logprobs).toBe(null);
  });

  test("gives each picture a line, in order", async () => {
    expect(await contentOf("Describe.", {}, [coffee, coffee])).toBe(`${known}\n${known}`);
    expect(await contentOf("Tags.", {}, [coffee, dataUrl(blank())])).toBe("fire hydrant, dog, grass\n");
    const json = await contentOf("", { response_format: { type: "json_object" } }, [coffee, dataUrl(blank())]);
    expect(JSON.parse(json!)).toMatchObject({ pictures: [{ caption: known }, { caption: "", labels: [] }] });
  });

  test("follows the prompt as far as possible, and says so", async () => {
    for (const [text, content, note] of [
      ["Give me tags.", "fire hydrant, dog, grass", "keywords"],
      ["In one word?", "dog", "one-word"],
      ["A long description, please", known, "long"],
      ["Respond in German.", known, "prompt-ignored, english-only"],
      ["", known, null],
    ] as const) {
      const { data, response } = await chat(text).withResponse();
      expect([text, data.choices[0]!.message.content]).toEqual([text, content]);
      expect([text, response.headers.get("edgecap-note")]).toEqual([text, note]);
    }
    // The limits that reach the worker, which returns them as alternatives.
    const others = async (text: string, settings: Settings) =>
      (await chat(text, { n: 2, ...settings })).choices[1]!.message.content!;
    expect(await others("Describe", { max_tokens: 7 })).toContain('"maxWords":7');
    expect(await others("Describe", { max_tokens: 300 })).not.toContain("maxWords");
    // Of eight captions the shortest has three words.
    const { choices } = await chat("A short caption.", { n: 2 });
    expect(choices.map((choice) => choice.message.content)).toEqual([expect.stringMatching(/^another 1 \S+$/)]);
    expect(choices[0]!.message.content).toContain('"alternatives":7');
    expect(await contentOf("Tags.", { max_tokens: 3 })).toBe("fire hydrant, dog");
  });

  test("says that nothing is known instead of making it up", async () => {
    for (const [text, note] of [
      ["Tags", "keywords, no-keywords"],
      ["One word", "one-word, no-keywords"],
      ["", "unsure"],
    ] as const) {
      const { data, response } = await chat(text, {}, [dataUrl(blank())]).withResponse();
      expect(data.choices[0]!.message.content).toBe("");
      expect(data.choices[0]!.finish_reason).toBe("stop");
      expect(response.headers.get("edgecap-note")).toBe(note);
    }
  });

  test("gives no sentence that is less sure than requested", async () => {
    for (const [least, content, note] of [
      [0.4, known, null],
      [0.6, "", "unsure"],
    ] as const) {
      const { data, response } = await chat("", { min_confidence: least } as Settings).withResponse();
      expect([least, data.choices[0]!.message.content]).toEqual([least, content]);
      expect([least, response.headers.get("edgecap-note")]).toEqual([least, note]);
    }
    expect((await failure(chat("", { min_confidence: 2 } as Settings))).message).toContain("min_confidence");
  });

  test("says that the limit has ended the caption, and only then", async () => {
    const finish = async (max: number) => (await chat("", { max_tokens: max })).choices[0]!.finish_reason;
    expect([await finish(3), await finish(7), await finish(20)]).toEqual(["length", "stop", "stop"]);
  });

  test("reads the pictures of the last turn that has any, and the last turn's prompt", async () => {
    const system: Message = { role: "system", content: "You write tags." };
    const answer: Message = { role: "assistant", content: "a cup" };
    const content = async (...messages: Message[]) =>
      (await client.chat.completions.create({ model: "any", messages })).choices[0]!.message.content;
    expect(await content(system, message("Describe.", coffee))).toBe(known);
    expect(await content(message("", coffee), message("", coffee), { role: "user", content: "Describe" })).toBe(
      `${known}\n${known}`,
    );
    const twoTurns = [message("Describe", coffee, coffee), answer] as const;
    expect(await content(...twoTurns, message("And this?", coffee))).toBe(known);
    expect(await content(...twoTurns, { role: "user", content: "Now tags." })).toBe(
      "fire hydrant, dog, grass\nfire hydrant, dog, grass",
    );
  });

  test("answers in JSON, by a schema or without", async () => {
    const plain = await contentOf("Labels", { response_format: { type: "json_object" } });
    expect(JSON.parse(plain!)).toEqual({
      caption: known,
      labels: [
        { name: "fire hydrant", confidence: 0.9 },
        { name: "dog", confidence: 0.75 },
        { name: "grass", confidence: 0.5 },
      ],
    });
    const format = (schema: Record<string, unknown>) =>
      ({ type: "json_schema", json_schema: { name: "answer", strict: true, schema } }) as const;
    const properties = { description: { type: "string" }, tags: { type: "array", items: { type: "string" } } };
    const schema = { type: "object", properties, required: ["description", "tags"], additionalProperties: false };
    const { choices } = await client.chat.completions.parse({
      model: "any",
      messages: [message("Describe", coffee)],
      response_format: format(schema),
    });
    expect(choices[0]!.message.parsed).toEqual({ description: known, tags: ["fire hydrant", "dog", "grass"] } as never);
    const unknown = format({ type: "object", properties: { mood: { type: "string" } }, required: ["mood"] });
    expect((await failure(chat("", { response_format: unknown }))).message).toContain(
      '400 The JSON schema asks for "mood"',
    );
    expect((await failure(chat("", { response_format: format(schema) }, [coffee, coffee]))).message).toContain(
      "a single picture only",
    );
  });
});

describe("responses.create()", () => {
  const input = (text: string, ...urls: string[]): OpenAI.Responses.ResponseInput => [
    {
      role: "user",
      content: [
        { type: "input_text", text },
        ...urls.map((url) => ({ type: "input_image", image_url: url, detail: "auto" }) as const),
      ],
    },
  ];

  test("gives the caption as output text", async () => {
    const { data, response } = await client.responses
      .create({ model: "any", input: input("Tags.", coffee), include: ["message.output_text.logprobs"] })
      .withResponse();
    expect(data.output_text).toBe("fire hydrant, dog, grass");
    expect([...Value.Errors(responseSchema, JSON.parse(JSON.stringify(data)))]).toEqual([]);
    expect(response.headers.get("edgecap-note")).toBe("keywords");
    const cut = await client.responses.create({ model: "any", input: input("", coffee), max_output_tokens: 2 });
    expect([cut.output_text, cut.status, cut.incomplete_details]).toEqual([
      "a dog",
      "incomplete",
      { reason: "max_output_tokens" },
    ]);
  });

  test("streams events that build up the same response", async () => {
    const events = [];
    for await (const event of await client.responses.create({ model: "any", input: input("", coffee), stream: true }))
      events.push(event);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, place) => place));
    const deltas = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
    expect(deltas.join("")).toBe(known);
    const final = await client.responses.stream({ model: "any", input: input("", coffee) }).finalResponse();
    expect([final.status, final.output_text]).toEqual(["completed", known]);
  });

  test("refuses what has no picture, and files that were never sent", async () => {
    expect((await failure(client.responses.create({ model: "any", input: "Hello" }))).message).toContain(
      "contains no picture",
    );
    const file = [
      { role: "user", content: [{ type: "input_image", file_id: "file-1", detail: "auto" }] },
    ] as OpenAI.Responses.ResponseInput;
    expect((await failure(client.responses.create({ model: "any", input: file }))).message).toContain("no files by id");
  });
});

describe("models", () => {
  test("are a single one, in OpenAI's list and in ours", async () => {
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    expect(models).toEqual(["knowing"]);
    expect(await client.models.retrieve("knowing")).toMatchObject({ id: "knowing", object: "model" });
    expect(await failure(client.models.retrieve("gpt-4o"))).toBeInstanceOf(OpenAI.NotFoundError);
    const both = await (await fetch(`${knowing.url}/v1/models`)).json();
    expect([...Value.Errors(bothModelsSchema, both)]).toEqual([]);
    expect(both).toMatchObject({ models: [{ name: "knowing" }], object: "list", data: [{ id: "knowing" }] });
  });
});

describe("errors", () => {
  const errorOf = async (work: PromiseLike<unknown>) => {
    const { status, code, type } = await failure(work);
    return [status, code, type];
  };
  const request = "invalid_request_error";

  test("are of the kinds that the client knows", async () => {
    const real = clientOf(tiny, "secret");
    const ask = (...urls: string[]) =>
      real.chat.completions.create({ model: "any", messages: [message("Describe", ...urls)] });
    expect(await errorOf(ask())).toEqual([400, "images-missing", request]);
    expect(await errorOf(ask("data:image/jpeg;base64,####"))).toEqual([400, "body-invalid", request]);
    expect(await errorOf(ask(dataUrl(new Uint8Array(0))))).toEqual([400, "image-empty", request]);
    expect(await errorOf(ask("https://example.org/a.jpg"))).toEqual([403, "url-forbidden", request]);
    expect(await errorOf(ask(coffee, coffee, coffee, coffee))).toEqual([413, "images-too-many", request]);
    expect(await errorOf(chat("", { temperature: -1 }))).toEqual([400, "option-invalid", request]);
    expect(await errorOf(chat("", { n: 65 }))).toEqual([400, "option-invalid", request]);
    expect(await errorOf(chat("", { max_tokens: -2 }))).toEqual([400, "option-invalid", request]);
    expect(await errorOf(client.embeddings.create({ model: "any", input: "a" }))).toEqual([
      404,
      "route-unknown",
      request,
    ]);
  });

  test("report a wrong token as OpenAI does, on every route", async () => {
    const stranger = clientOf(tiny, "wrong");
    for (const ask of [
      () => stranger.chat.completions.create({ model: "any", messages: [message("", coffee)] }),
      () => stranger.chat.completions.create({ model: "any", messages: [message("", coffee)], stream: true }),
      () => stranger.responses.create({ model: "any", input: "" }),
      () => stranger.models.list(),
      () => stranger.models.retrieve("tiny"),
    ]) {
      const error = await failure(ask());
      expect([error.status, error.code, error.type]).toEqual([401, "invalid_api_key", request]);
      expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    }
    const bare = await fetch(`${tiny.url}/v1/responses`, { method: "POST", body: "{}" });
    expect(bare.headers.get("www-authenticate")).toContain("Bearer");
    expect([...Value.Errors(openAiErrorSchema, await bare.json())]).toEqual([]);
  });

  test("are of one shape, whatever is wrong with the body", async () => {
    for (const [body, status] of [
      ["", 400],
      ["[]", 400],
      ['{"messages": 1}', 400],
      ['{"messages": [{"role": 1}]}', 400],
      [`{"messages": ${"[".repeat(20)}${"]".repeat(20)}}`, 400],
      [JSON.stringify({ messages: [], padding: "x".repeat(21 * 2 ** 20) }), 413],
    ] as const) {
      for (const path of ["/v1/chat/completions", "/v1/responses"]) {
        const response = await fetch(`${knowing.url}${path}`, { method: "POST", body });
        const answer = await response.json();
        expect([body.slice(0, 40), path, response.status]).toEqual([body.slice(0, 40), path, status]);
        expect([...Value.Errors(openAiErrorSchema, answer)]).toEqual([]);
        expect(JSON.stringify(answer).length).toBeLessThan(400);
      }
    }
    const get = await fetch(`${knowing.url}/v1/chat/completions`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect([...Value.Errors(openAiErrorSchema, await get.json())]).toEqual([]);
  });

  test("come while the server shuts down, and can be tried again", async () => {
    await using other = await knowingServer();
    await other.server.drain(1000);
    const late = clientOf(other, "any").chat.completions.create({ model: "any", messages: [message("", coffee)] });
    expect(await errorOf(late)).toEqual([503, "draining", "server_error"]);
  });
});

describe("pictures by URL", () => {
  test("are fetched if the operator allows it", async () => {
    const pictures = createHttp((_, answer) => answer.end(example("coffee.jpg")));
    await new Promise<void>((resolve) => pictures.listen(0, "127.0.0.1", resolve));
    try {
      await using open = await knowingServer({ allowUrlHosts: ["127.0.0.1"] });
      const url = `http://127.0.0.1:${(pictures.address() as AddressInfo).port}/a.jpg`;
      const messages = [message("", url)];
      const { choices } = await clientOf(open, "any").chat.completions.create({ model: "any", messages });
      expect(choices[0]!.message.content).toBe(known);
    } finally {
      pictures.close();
    }
  });
});

test("requests are counted and logged like those of /v1/captions", async () => {
  await chat("", { seed: 1 });
  expect(knowing.log.at(-1)).toMatchObject({ route: "/v1/chat/completions", status: 200, images: 1 });
  const metrics = await (await fetch(`${knowing.url}/metrics`)).text();
  expect(metrics).toMatch(
    /edgecap_http_requests_total\{route="\/v1\/chat\/completions",method="POST",status="200"\} \d/,
  );
  expect(metrics).toMatch(/edgecap_problems_total\{code="images-missing"\} \d/);
  expect(metrics).toMatch(/edgecap_captions_total\{origin="cache"\} [1-9]/);
});
