import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Caption } from "../../src/mod.ts";
import { createServer } from "../../src/server/mod.ts";
import { dataUrl, knowingServer } from "./knowing_server.ts";
import { example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

const photo = example("coffee.jpg");
const json = { "content-type": "application/json" };
const base64 = Buffer.from(photo).toString("base64");
const captionOf = async (response: Response) => (await response.json()) as Caption;

describe("POST /v1/captions", () => {
  let server: TinyServer;

  beforeAll(async () => {
    server = await tinyServer();
  });

  afterAll(() => server[Symbol.asyncDispose]());

  test("writes captions as requested by query, form and JSON", async () => {
    const form = new FormData();
    form.append("image", new Blob([photo], { type: "image/jpeg" }), "a.jpg");
    form.append("neutral", "true");
    form.append("sentence", "1");
    const plain = await captionOf(await server.post("", photo));
    const answers = [
      await captionOf(await server.post("?neutral=true&sentence=true", photo)),
      await captionOf(await server.post("", form, {})),
      await captionOf(await server.post("", JSON.stringify({ image: base64, neutral: true, sentence: true }), json)),
    ];
    for (const { caption, words } of answers) {
      expect(caption).toMatch(/^[A-Z].*\.$/);
      expect(caption).not.toMatch(/\bman\b/i);
      expect(words.length).toBeGreaterThan(0);
    }
    expect(plain.caption).not.toMatch(/\.$/);
  });

  test("stays within the limit of characters, or says that nothing fits", async () => {
    const answer = await captionOf(await server.post("?maxCharacters=500&maxWords=30", photo));
    if (answer.reason === undefined) expect(answer.caption.length).toBeGreaterThan(0);
    // The shortest word that its model knows has one letter, and a full stop needs another.
    const refused = await server.post("?maxCharacters=1&sentence=true", photo);
    expect([refused.status, await problemCode(refused)]).toEqual([422, "caption-too-long"]);
    const several = JSON.stringify([{ image: base64, maxCharacters: 1, sentence: true }, { image: base64 }]);
    const [first, second] = (await (await server.post("", several, json)).json()) as { error?: { code: string } }[];
    expect([first!.error!.code, second!.error]).toEqual(["caption-too-long", undefined]);
  });

  test("refuses options out of range", async () => {
    for (const query of ["?maxCharacters=0", "?maxCharacters=10001", "?neutral=perhaps", "?sentence=2"]) {
      const answer = await server.post(query, photo);
      expect([query, answer.status, await problemCode(answer)]).toEqual([query, 422, "option-invalid"]);
    }
  });
});

describe("the operator's defaults", () => {
  test("apply to requests that do not set them", async () => {
    await using server = await tinyServer({ defaults: { sentence: true, neutral: true } });
    expect((await captionOf(await server.post("", photo))).caption).toMatch(/^[A-Z].*\.$/);
    expect((await captionOf(await server.post("?sentence=false", photo))).caption).not.toMatch(/\.$/);
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: json,
      body: JSON.stringify({
        stream: true,
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: dataUrl(photo) } }] }],
      }),
    });
    const said = [...(await answer.text()).matchAll(/"content":"([^"]*)"/g)].map((found) => found[1]!).join("");
    expect(said).toMatch(/^[A-Z].*\.$/);
  });

  test("are checked when the server is made", () => {
    expect(() => createServer({ defaults: { maxCharacters: 0 } })).toThrow("maxCharacters is 0");
  });
});

describe("the interfaces of other servers", () => {
  let server: TinyServer;

  beforeAll(async () => {
    server = await knowingServer();
  });

  afterAll(() => server[Symbol.asyncDispose]());

  /** The options that reach the worker, which says them in its second answer. */
  const optionsOf = (text: string) => JSON.parse(/another 1 (\{.*?\})$/m.exec(text)![1]!) as Record<string, unknown>;

  const ask = async (prompt: string, fields: object = {}) => {
    const content = [
      { type: "text", text: prompt },
      { type: "image_url", image_url: { url: dataUrl(photo) } },
    ];
    const body = JSON.stringify({ n: 2, messages: [{ role: "user", content }], ...fields });
    const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers: json, body });
    const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
    return { options: optionsOf(choices[1]!.message.content), note: answer.headers.get("edgecap-note") };
  };

  test("take the form of a caption from the prompt, and from fields of ours", async () => {
    const { options, note } = await ask("Gender-neutral alt text of at most 125 characters.");
    expect(options).toMatchObject({ maxCharacters: 125, neutral: true });
    expect(note).toBe("max-characters, neutral");
    const fields = { max_characters: 60, neutral: false, sentence: true };
    expect((await ask("Gender-neutral, at most 125 characters.", fields)).options).toMatchObject({
      maxCharacters: 60,
      neutral: false,
      sentence: true,
    });
    expect((await ask("What is this?")).options).not.toHaveProperty("neutral");
  });

  test("refuse fields out of range", async () => {
    const body = { model: "any", images: [base64], stream: false };
    for (const options of [{ max_characters: 0 }, { neutral: "yes" }, { sentence: 1 }]) {
      const answer = await fetch(`${server.url}/api/generate`, {
        method: "POST",
        headers: json,
        body: JSON.stringify({ ...body, options }),
      });
      expect([JSON.stringify(options), answer.status]).toEqual([JSON.stringify(options), 400]);
    }
  });
});
