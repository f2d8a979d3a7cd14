/** Streams and attention maps through the whole server, in a process whose main thread has captioned before. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { type Captioner, load } from "../../src/mod.ts";
import { type CaptionServer, createServer } from "../../src/server/mod.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const photo = readFileSync(new URL("../../examples/coffee.jpg", import.meta.url));

function eventsOf(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  createParser({ onEvent: (event) => events.push(event) }).feed(text);
  return events;
}

describe("POST /v1/captions as a stream", () => {
  let captioner: Captioner;
  let server: CaptionServer;

  beforeAll(async () => {
    const bundle = await tinyBundleFiles();
    captioner = await load({ bundle });
    await captioner.caption(photo);
    server = createServer({ bundle, workers: 1 });
    await server.ready;
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await captioner[Symbol.asyncDispose]();
  });

  const ask = (query: string, body: Uint8Array = photo, accept = "text/event-stream") =>
    server.fetch(
      new Request(`http://host.example/v1/captions?${query}`, {
        method: "POST",
        headers: { "content-type": "image/jpeg", accept },
        body: Uint8Array.from(body),
      }),
    );

  test("sends the words that the library decides, then the caption that it gives, maps and all", async () => {
    for (const [query, options] of [
      ["beams=1&maxWords=5", { beams: 1, maxWords: 5 }],
      ["beams=4&alternatives=2&attention=true", { beams: 4, alternatives: 2, attention: true }],
      ["temperature=2&seed=7&maxWords=6&attention", { temperature: 2, seed: 7, maxWords: 6, attention: true }],
    ] as const) {
      const response = await ask(query);
      expect([response.status, response.headers.get("content-type")]).toEqual([
        200,
        "text/event-stream; charset=utf-8",
      ]);
      const events = eventsOf(await response.text());
      const { timing: _, ...whole } = await captioner.caption(photo, options);
      expect(events.map(({ event }) => event)).toEqual([...whole.words.map(() => "word"), "caption"]);
      const data = events.map((event) => JSON.parse(event.data));
      expect(data.slice(0, -1)).toEqual(whole.words.map((word) => ({ type: "word", ...word })));
      expect(data.at(-1)).toMatchObject({ type: "caption", caption: whole });
      for (const { attention } of data.at(-1).caption.words) {
        if (!("attention" in options)) expect(attention).toBe(undefined);
        else expect(attention.reduce((sum: number, share: number) => sum + share, 0)).toBeCloseTo(1, 5);
      }
    }
  });

  test("sends the same again from the cache", async () => {
    const first = eventsOf(await (await ask("beams=2&attention=true")).text());
    const second = eventsOf(await (await ask("beams=2&attention=true")).text());
    expect(second).toEqual(first);
  });

  test("answers a photo or an option that it refuses with a problem, not with a stream", async () => {
    for (const [response, status, code] of [
      [await ask("", photo.subarray(0, 4000)), 422, "image-truncated"],
      [await ask("beams=0"), 422, "option-invalid"],
      [await ask("temperature=1&beams=3"), 422, "option-invalid"],
    ] as const) {
      expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
      expect(await response.json()).toMatchObject({ code, status });
    }
  });

  test("stops the work for a reader that leaves, and continues for the others", async () => {
    const response = await ask("beams=3&maxWords=6");
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    const next = await ask("beams=1", photo, "text/plain");
    expect(await next.text()).toBe(`${(await captioner.caption(photo, { beams: 1 })).caption}\n`);
  });
});
