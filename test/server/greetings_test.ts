import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Static } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { chatCompletionSchema } from "../../src/server/routes/openai_schemas.ts";
import { knowingServer } from "./knowing_server.ts";
import type { TinyServer } from "./tiny_server.ts";

type Completion = Static<typeof chatCompletionSchema>;

describe("greetings", () => {
  let knowing: TinyServer;

  beforeAll(async () => {
    knowing = await knowingServer();
  });

  afterAll(() => knowing[Symbol.asyncDispose]());

  const greet = (text: string, more: object = {}) =>
    fetch(`${knowing.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ messages: [{ role: "user", content: [{ type: "text", text }] }], ...more }),
    });

  test("without a picture are answered, because programs test their connection with them", async () => {
    for (const text of ["Hi", "hi!", " Hi. "]) {
      const response = await greet(text);
      const completion = (await response.json()) as Completion;
      expect([text, response.status, response.headers.get("edgecap-note")]).toEqual([text, 200, "no-picture"]);
      expect([...Value.Errors(chatCompletionSchema, completion)]).toEqual([]);
      expect(completion.choices[0]!.message.content).toContain("Send a picture");
      expect(completion.usage.prompt_tokens).toBe(0);
    }
    const { choices } = (await (
      await greet("Hi", { max_completion_tokens: 1, temperature: 0.5 })
    ).json()) as Completion;
    expect(choices).toMatchObject([{ message: { content: "Send" }, finish_reason: "length" }]);
    const streamed = await (await greet("Hi", { stream: true })).text();
    expect(streamed).toMatch(/"content":"Send".*"finish_reason":"stop".*\[DONE\]/s);
  });

  test("are nothing else: what asks for words gets an error", async () => {
    for (const [text, more] of [
      ["Hi, what is in my picture?", {}],
      ["Hello", {}],
      ["Hi there", {}],
      ["", {}],
      ["Hi", { response_format: { type: "json_object" } }],
    ] as const) {
      const response = await greet(text, more);
      const { error } = (await response.json()) as { error: { code: string } };
      expect([text, response.status, error.code]).toEqual([text, 400, "images-missing"]);
    }
  });
});
