/** Demanded tool calls: by the official clients, and as libraries for structured output send them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { Value } from "@sinclair/typebox/value";
import { Ollama } from "ollama";
import type OpenAI from "openai";
import { ollamaChatAnswerSchema } from "../../src/server/routes/ollama_schemas.ts";
import { chatCompletionSchema, responseSchema } from "../../src/server/routes/openai_schemas.ts";
import { base64, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { clientOf, message } from "./openai_client.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const folder = new URL("../fixtures/requests/structured/", import.meta.url);
const recorded = readdirSync(folder).filter((name) => name.endsWith(".bin"));
const coffee = example("coffee.jpg");
const grey = base64(new Uint8Array(readFileSync(new URL("../fixtures/images/grey.png", import.meta.url))));
const url = dataUrl(coffee);
const filled = { caption: known, tags: ["fire hydrant", "dog", "grass"] };
const parameters = {
  type: "object",
  properties: { caption: { type: "string" }, tags: { type: "array", items: { type: "string" } } },
  required: ["caption", "tags"],
  additionalProperties: false,
};
const tools = [{ type: "function" as const, function: { name: "photo", parameters } }];
const alt = { type: "object", properties: { alt_text: { type: "string" } }, required: ["alt_text"] };
const both = [...tools, { type: "function" as const, function: { name: "alt", parameters: alt } }];
const bothFilled = [
  ["photo", filled],
  ["alt", { alt_text: known }],
];
const named = { type: "function" as const, function: { name: "photo" } };
const model = "any";
const messages = [message("Describe", url)];
let server: TinyServer;
let client: OpenAI;

beforeAll(async () => {
  server = await knowingServer();
  client = clientOf(server, "any");
});

afterAll(() => server[Symbol.asyncDispose]());

describe("OpenAI's client", () => {
  test("gets a demanded call", async () => {
    for (const choice of ["required", named] as const) {
      const answer = await client.chat.completions.create({ model, messages, tools, tool_choice: choice, n: 2 });
      expect(Value.Check(chatCompletionSchema, answer)).toBe(true);
      const [one] = answer.choices;
      expect([answer.choices.length, one?.finish_reason, one?.message.content]).toEqual([1, "tool_calls", null]);
      const [call] = one!.message.tool_calls!;
      if (call?.type !== "function") throw new Error("No function is called.");
      expect([call.function.name, JSON.parse(call.function.arguments)]).toEqual(["photo", filled]);
    }
  });

  test("gets it as a stream", async () => {
    const stream = client.chat.completions.stream({ model, messages, tools, tool_choice: named });
    const [one] = (await stream.finalChatCompletion()).choices;
    expect([one?.finish_reason, one?.message.content]).toEqual(["tool_calls", null]);
    const [call] = one!.message.tool_calls!;
    if (call?.type !== "function") throw new Error("No function is called.");
    expect(JSON.parse(call.function.arguments)).toEqual(filled);
  });

  test("gets it by the older fields", async () => {
    const old = { model, messages, functions: [tools[0]!.function], function_call: { name: "photo" } };
    const [one] = (await client.chat.completions.create(old)).choices;
    expect(one?.finish_reason).toBe("function_call");
    expect(JSON.parse(one!.message.function_call!.arguments)).toEqual(filled);
    let text = "";
    for await (const { choices } of await client.chat.completions.create({ ...old, stream: true }))
      text += choices[0]?.delta.function_call?.arguments ?? "";
    expect(JSON.parse(text)).toEqual(filled);
  });

  test("gets a text, and a note, without a demand", async () => {
    const reply = { type: "object", properties: { text: { type: "string" } } };
    const other = [...tools, { type: "function" as const, function: { name: "reply", parameters: reply } }];
    const asked = client.chat.completions.create({ model, messages, tools: other });
    const { data, response } = await asked.withResponse();
    expect([data.choices[0]?.message.content, data.choices[0]?.finish_reason]).toEqual([known, "stop"]);
    expect(response.headers.get("edgecap-note")).toContain("no-tool-call");
  });

  test("gets calls without a demand if all functions ask for what a picture shows, as instructor waits for them", async () => {
    const answer = await client.chat.completions.create({ model, messages, tools: both, tool_choice: "auto" });
    expect(Value.Check(chatCompletionSchema, answer)).toBe(true);
    const stream = client.chat.completions.stream({ model, messages, tools: both });
    for (const { choices } of [answer, await stream.finalChatCompletion()]) {
      const [one] = choices;
      expect([choices.length, one?.finish_reason, one?.message.content]).toEqual([1, "tool_calls", null]);
      const calls = one!.message.tool_calls!.flatMap((call) => (call.type === "function" ? [call] : []));
      expect(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)])).toEqual(bothFilled);
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    }
    const single = { model, messages, tools: both, parallel_tool_calls: false };
    expect((await client.chat.completions.create(single)).choices[0]?.message.tool_calls).toHaveLength(1);
  });

  test("gets a text after the result of a call", async () => {
    const { choices } = await client.chat.completions.create({ model, messages, tools: both });
    const calling = choices[0]!.message;
    const result = { role: "tool" as const, tool_call_id: calling.tool_calls![0]!.id, content: "kept" };
    const after = await client.chat.completions.create({
      model,
      messages: [...messages, calling, result],
      tools: both,
    });
    expect(after.choices[0]?.message.content).toBe(known);
    const picture = { type: "input_image" as const, image_url: url, detail: "auto" as const };
    const input = [
      { role: "user" as const, content: [picture] },
      { type: "function_call" as const, call_id: "a", name: "photo", arguments: "{}" },
      { type: "function_call_output" as const, call_id: "a", output: "kept" },
    ];
    const functions = both.map((one) => ({ type: "function" as const, strict: true, ...one.function }));
    expect((await client.responses.create({ model, input, tools: functions })).output_text).toBe(known);
  });

  test("gets several function_call items from the API of responses", async () => {
    const picture = { type: "input_image" as const, image_url: url, detail: "auto" as const };
    const functions = both.map((one) => ({ type: "function" as const, strict: true, ...one.function }));
    const asked = { model, input: [{ role: "user" as const, content: [picture] }], tools: functions };
    const answer = await client.responses.create(asked);
    expect(Value.Check(responseSchema, answer)).toBe(true);
    const stream = client.responses.stream(asked);
    const done: unknown[] = [];
    stream.on("response.output_item.done", ({ output_index: place, item }) => done.push([place, item]));
    const streamed = await stream.finalResponse();
    for (const { output } of [answer, streamed]) {
      const calls = output.flatMap((item) => (item.type === "function_call" ? [item] : []));
      expect(calls.map((item) => [item.name, JSON.parse(item.arguments)])).toEqual(bothFilled);
      expect(new Set(calls.flatMap((item) => [item.id, item.call_id])).size).toBe(4);
    }
    expect(done).toMatchObject(streamed.output.map(({ id, type }, place) => [place, { id, type }]));
  });

  test("is refused what cannot be filled in, by name", async () => {
    const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const weather = { type: "function" as const, function: { name: "weather", parameters: city } };
    const asked = async (more: { stream?: true }) =>
      await client.chat.completions.create({ model, messages, tools: [weather], tool_choice: "required", ...more });
    for (const more of [{}, { stream: true }] as const) await expect(asked(more)).rejects.toThrow(/400.*weather.*city/);
    const unknown = async () =>
      await client.chat.completions.create({
        ...{ model, messages, tools },
        tool_choice: { type: "function", function: { name: "other" } },
      });
    await expect(unknown()).rejects.toThrow("other");
  });

  test("gets function_call items from the API of responses", async () => {
    const asked = {
      model,
      input: [
        { role: "user" as const, content: [{ type: "input_image" as const, image_url: url, detail: "auto" as const }] },
      ],
      tools: [{ type: "function" as const, name: "photo", parameters, strict: true }],
      tool_choice: { type: "function" as const, name: "photo" },
    };
    const answer = await client.responses.create(asked);
    expect(Value.Check(responseSchema, answer)).toBe(true);
    const streamed = await client.responses.stream(asked).finalResponse();
    for (const { output, status } of [answer, streamed]) {
      const [item] = output;
      if (item?.type !== "function_call") throw new Error("No function is called.");
      expect([status, item.name, JSON.parse(item.arguments)]).toEqual(["completed", "photo", filled]);
    }
  });
});

test("Ollama's client gets a call, with its arguments as an object", async () => {
  const ollama = new Ollama({ host: server.url });
  const asked = { model, messages: [{ role: "user", content: "", images: [base64(coffee)] }], tools };
  const answer = await ollama.chat(asked);
  expect(Value.Errors(ollamaChatAnswerSchema, JSON.parse(JSON.stringify(answer))).First()).toBeUndefined();
  expect(answer.message.tool_calls?.[0]?.function).toEqual({ name: "photo", arguments: filled });
  const lines: object[] = [];
  for await (const line of await ollama.chat({ ...asked, stream: true })) lines.push(line);
  expect(lines).toMatchObject([{ message: { tool_calls: answer.message.tool_calls! } }, { done: true }]);
  const several = await ollama.chat({ ...asked, tools: both });
  expect(several.message.tool_calls?.map((call) => [call.function.name, call.function.arguments])).toEqual(bothFilled);
});

describe("what was recorded of", () => {
  for (const name of recorded) {
    test(`${name.replace(".bin", "")} gets what its schema asks for`, async () => {
      const [head = "", ...rest] = readFileSync(new URL(name, folder), "utf8").split("\r\n\r\n");
      const path = head.split(" ")[1]!;
      // A picture of which the worker says something.
      const sent = rest.join("\r\n\r\n");
      expect(sent).toContain(grey);
      const body = sent
        .replaceAll(`image/png;base64,${grey}`, url.slice("data:".length))
        .replaceAll(grey, base64(coffee));
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
      const text = await response.text();
      expect([response.status, text]).toEqual([200, expect.any(String)]);
      expect(argumentsIn(text)).toEqual(filled);
    });
  }

  test("the libraries that docs/clients.md names is there", () => {
    for (const library of [
      "instructor",
      "langchain",
      "litellm",
      "llamaindex",
      "pydantic-ai",
      "ai-sdk",
      "langchain-js",
      "ollama",
      "llm",
    ])
      expect([library, recorded.some((name) => name.startsWith(`${library}-`))]).toEqual([library, true]);
  });
});

/** The JSON with which an answer fills a schema: a call's arguments, or a text, whole or in deltas. */
function argumentsIn(text: string): unknown {
  const streamed = text.startsWith("data:") || text.startsWith("event:");
  const lines = streamed ? text.split("\n").filter((line) => line.startsWith("data: {")) : [`data: ${text}`];
  let all = "";
  for (const line of lines) {
    // biome-ignore lint/suspicious/noExplicitAny: what a library reads of an answer it does not check either.
    const answer = JSON.parse(line.slice(6)) as any;
    const part =
      answer.choices?.[0]?.message ?? answer.choices?.[0]?.delta ?? answer.message ?? answer.output?.[0] ?? {};
    const call = part.tool_calls?.[0]?.function ?? part.function_call ?? (part.arguments && part);
    if (typeof call?.arguments === "object") return call.arguments;
    all += call?.arguments ?? part.content?.[0]?.text ?? part.content ?? "";
  }
  return JSON.parse(all);
}
