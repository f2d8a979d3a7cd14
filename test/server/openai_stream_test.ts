/** Streams to OpenAI's official client, unchanged, from a started server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { blank, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { clientOf, failure, message, type Settings } from "./openai_client.ts";
import { example, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = dataUrl(example("coffee.jpg"));
let knowing: TinyServer;
let client: OpenAI;

beforeAll(async () => {
  knowing = await knowingServer();
  client = clientOf(knowing, "any");
});

afterAll(() => knowing[Symbol.asyncDispose]());

describe("chat.completions.create({ stream: true })", () => {
  const stream = (settings: Settings = {}, urls = [coffee], text = "") =>
    client.chat.completions.create({
      model: "any",
      messages: [message(text, ...urls)],
      ...settings,
      stream: true,
    });

  test("streams the role, then each word, then the end, then the usage", async () => {
    const deltas = [];
    for await (const { choices, usage } of await stream({ stream_options: { include_usage: true }, logprobs: true }))
      deltas.push([choices[0]?.delta, choices[0]?.logprobs?.content?.[0]?.logprob, choices[0]?.finish_reason, usage]);
    expect(deltas).toEqual([
      [{ role: "assistant", content: "", refusal: null }, undefined, null, null],
      ...["a", " dog", "'s", " bowl", " stands", " on", " grass"].map((content) => [{ content }, -0.5, null, null]),
      [{}, undefined, "stop", null],
      [undefined, undefined, undefined, { prompt_tokens: 1, completion_tokens: 6, total_tokens: 7 }],
    ]);
  });

  test("adds up to the answer without a stream", async () => {
    for (const [text, settings, urls] of [
      ["", {}, [coffee, coffee]],
      ["Tags", {}, [coffee]],
      ["", { n: 3 }, [coffee]],
      ["", { max_tokens: 2 }, [coffee, coffee]],
      ["", { response_format: { type: "json_object" } }, [coffee]],
      ["", {}, [dataUrl(blank())]],
    ] as [string, Settings, string[]][]) {
      const asked = { model: "gpt-4o", messages: [message(text, ...urls)], ...settings };
      const whole = await client.chat.completions.create(asked);
      const final = await client.chat.completions
        .stream({ model: "any", messages: [message(text, ...urls)], ...settings } as never)
        .finalChatCompletion();
      const shown = ({ choices }: { choices: typeof whole.choices }) =>
        choices.map((choice) => [choice.message.role, choice.message.content, choice.finish_reason]);
      expect(shown(final)).toEqual(shown(whole));
    }
  });

  test("ends with [DONE], and forbids proxies to buffer it", async () => {
    const body = JSON.stringify({ messages: [message("Tags", coffee)], stream: true });
    const response = await fetch(`${knowing.url}/v1/chat/completions`, { method: "POST", body });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("edgecap-note")).toBe("keywords");
    expect((await response.text()).endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("is refused with a status before its first word, and gets an error line after it", async () => {
    const broken = dataUrl(new TextEncoder().encode("no picture"));
    expect(await failure(stream({}, [broken]))).toBeInstanceOf(OpenAI.BadRequestError);
    // Keywords are complete before the head is sent.
    expect((await failure(stream({}, [coffee, broken], "Tags"))).status).toBe(400);
    const { response } = await stream({}, [coffee, dataUrl(blank())], "Tags").withResponse();
    expect(response.headers.get("edgecap-note")).toBe("keywords, no-keywords");
    const texts: string[] = [];
    const read = async () => {
      for await (const { choices } of await stream({}, [coffee, broken])) texts.push(choices[0]?.delta.content ?? "");
    };
    expect((await failure(read())).message).toContain("Picture 2: ");
    expect(texts.join("")).toBe(known);
    expect(knowing.log.at(-1)).toMatchObject({ route: "/v1/chat/completions", code: "image-unsupported" });
  });

  test("that is left ends the work, and counts as left", async () => {
    const createWorker = () => new Worker(new URL("./faulty_worker.ts", import.meta.url).href, { type: "module" });
    await using slow = await tinyServer({ createWorker });
    const left = new AbortController();
    // This worker sends a word or two at once, and ends after some milliseconds, or when it is stopped.
    const body = { messages: [message("", coffee)], stream: true, temperature: 1, seed: 25_000 };
    const { url } = slow;
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify(body),
      signal: left.signal,
    });
    await response.body!.getReader().read();
    const started = performance.now();
    left.abort();
    while (slow.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(slow.log[0]).toMatchObject({ route: "/v1/chat/completions", status: 499 });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
