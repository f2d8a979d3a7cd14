import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { InferenceClient } from "@huggingface/inference";
import { InferenceClient as ListClient } from "huggingface-inference-4-13-14";
import { example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
let tiny: TinyServer;
let expected: string;

beforeAll(async () => {
  tiny = await tinyServer({ tokens: ["secret"] });
  const headers = { "content-type": "image/jpeg", accept: "text/plain", authorization: "Bearer secret" };
  expected = (await (await tiny.post("", coffee, headers)).text()).trim();
});

afterAll(() => tiny[Symbol.asyncDispose]());

// The newest client, and the last that reads the answer as a list.
for (const [name, Client] of [
  ["4.13.30", InferenceClient],
  ["4.13.14", ListClient],
] as const) {
  describe(`@huggingface/inference ${name}`, () => {
    for (const path of ["", "/", "/models/edgecap-attention", "/models/some/other-model"]) {
      test(`captions with endpointUrl ending in "${path}"`, async () => {
        const client = new Client("secret");
        const endpointUrl = `${tiny.url}${path}`;
        const fromBlob = await client.imageToText({ endpointUrl, model: "any", data: new Blob([coffee]) });
        expect(fromBlob.generated_text).toBe(expected);
        const bytes = coffee.buffer.slice(coffee.byteOffset, coffee.byteOffset + coffee.byteLength);
        expect((await client.endpoint(endpointUrl).imageToText({ data: bytes })).generated_text).toBe(expected);
      });
    }

    test("gets an error that says what was wrong", async () => {
      const endpointUrl = tiny.url;
      const broken = new Client("secret").imageToText({ endpointUrl, data: new Blob(["no picture"]) });
      await expect(broken).rejects.toThrow("The picture cannot be read");
      const stranger = new Client("wrong").imageToText({ endpointUrl, data: new Blob([coffee]) });
      await expect(stranger).rejects.toThrow("This server does not know that token: ask its operator for one.");
    });
  });
}

describe("POST /models/{id}", () => {
  const ask = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${tiny.url}/models/x`, { method: "POST", body, headers: { authorization: "Bearer secret", ...headers } });

  test("answers a list of one to any other client", async () => {
    expect(await (await ask(coffee)).json()).toEqual([{ generated_text: expected }]);
    const inputs = JSON.stringify({ inputs: Buffer.from(coffee).toString("base64"), parameters: { top_k: 5 } });
    const response = await ask(inputs, { "content-type": "application/json" });
    expect(await response.json()).toEqual([{ generated_text: expected }]);
  });

  test("refuses JSON without inputs", async () => {
    const response = await ask("{}", { "content-type": "application/json" });
    expect([response.status, await problemCode(response)]).toEqual([400, "body-invalid"]);
  });
});
