/** What programs send to other local servers than Ollama: llama.cpp's, Automatic1111's, KoboldCpp and LM Studio. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { base64, dataUrl, knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const photo = example("coffee.jpg");
const image = base64(photo);
let server: TinyServer;

beforeAll(async () => {
  server = await knowingServer({ tokens: ["secret"] });
});

afterAll(() => server[Symbol.asyncDispose]());

function send(path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: "Bearer secret", "content-type": "application/json", ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what a program reads of an answer it does not check either.
async function ask(path: string, body?: object): Promise<[status: number, answer: any]> {
  const response = await send(path, body);
  return [response.status, await response.json()];
}

describe("llama.cpp's server", () => {
  const asked = { prompt: "USER:[img-1]What is this?\nASSISTANT:", stop: ["</s>"], temperature: 0.1 };

  test("captions the picture of a completion", async () => {
    const [status, answer] = await ask("/completion", { ...asked, image_data: [{ data: image, id: 1 }] });
    expect([status, answer]).toMatchObject([200, { content: known, stop: true, stop_type: "eos", model: "knowing" }]);
    expect(answer).toMatchObject({ tokens_predicted: 6, tokens_evaluated: 1, timings: { predicted_ms: 4 } });
  });

  test("captions the pictures of its newer form, and knows its limit", async () => {
    const prompt = { prompt_string: "<__media__>Describe it", multimodal_data: [image, dataUrl(photo)] };
    expect((await ask("/completion", { prompt }))[1].content).toBe(`${known}\n${known}`);
    const cut = { prompt: "", image_data: [{ data: image, id: 0 }], n_predict: 2 };
    expect((await ask("/completion", cut))[1]).toMatchObject({ content: "a dog", stop_type: "limit" });
    const none = await ask("/completion", { ...cut, n_predict: -1, json_schema: {} });
    expect(none[1].content).toBe(known);
  });

  test("streams words as events", async () => {
    const response = await send("/completion", { ...asked, stream: true, image_data: [{ data: image, id: 1 }] });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const events = (await response.text())
      .trim()
      .split("\n\n")
      .map((line) => JSON.parse(line.slice("data: ".length)));
    expect(events.map(({ content }) => content).join("")).toBe(known);
    expect(events.map(({ stop }) => stop)).toEqual([...Array.from({ length: 7 }, () => false), true]);
  });

  test("fills in a schema, and reads prompts like the other APIs", async () => {
    const image_data = [{ data: image, id: 1 }];
    const schema = { type: "object", properties: { caption: { type: "string" } }, required: ["caption"] };
    const [, filled] = await ask("/completion", { ...asked, image_data, json_schema: schema });
    expect(JSON.parse(filled.content)).toEqual({ caption: known });
    expect((await ask("/completion", { prompt: "Give me tags", image_data }))[1].content).toBe(
      "fire hydrant, dog, grass",
    );
  });

  test("says what is wrong with a completion", async () => {
    for (const [body, message] of [
      [{ prompt: "Hello" }, "contains no picture"],
      [{ image_data: [{ data: "?" }] }, "neither base64"],
      [{ image_data: [{ id: 1 }] }, "image_data.0.data"],
    ] as const)
      expect(await ask("/completion", body)).toEqual([
        400,
        { error: expect.objectContaining({ message: expect.stringContaining(message) }) },
      ]);
    expect((await send("/completion", {}, { authorization: "Bearer wrong" })).status).toBe(401);
  });

  test("is healthy and reads pictures", async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: "ok" });
    expect((await fetch(`${server.url}/props`)).status).toBe(401);
    const [, props] = await ask("/props");
    expect(props).toMatchObject({ total_slots: 1, modalities: { vision: true, audio: false }, model_alias: "knowing" });
  });
});

describe("POST /sdapi/v1/interrogate", () => {
  const path = "/sdapi/v1/interrogate";

  test("gives the sentence, or nouns if the model's name is that of a tagger", async () => {
    for (const [body, caption] of [
      [{ image, model: "clip" }, known],
      [{ image: dataUrl(photo) }, known],
      [{ image, model: null }, known],
      [{ image, model: "deepdanbooru" }, "fire hydrant, dog, grass"],
      [{ image, model: "wd14-tagger" }, "fire hydrant, dog, grass"],
    ] as const)
      expect(await ask(path, body)).toEqual([200, { caption }]);
  });

  test("says what is wrong", async () => {
    expect(await ask(path, { model: "clip" })).toMatchObject([422, { detail: expect.stringContaining("image") }]);
    expect(await ask(path, { image: "not a picture" })).toMatchObject([415, { detail: expect.any(String) }]);
    expect((await send(path, { image }, { authorization: "" })).status).toBe(401);
  });
});

test("LM Studio's list names a loaded model that reads pictures", async () => {
  const [status, { data }] = await ask("/api/v0/models");
  expect([status, data]).toMatchObject([200, [{ id: "knowing", type: "vlm", state: "loaded" }]]);
});
