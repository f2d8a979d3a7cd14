import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Caption } from "../../src/mod.ts";
import { sureBundleFiles } from "../fixtures/sure_bundle.ts";
import { example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

type Answer = Caption & { readonly error: { readonly code: string; readonly message: string } };

const answerOf = async (response: Response) => (await response.json()) as Answer;

const photo = example("coffee.jpg");
const base64 = Buffer.from(photo).toString("base64");
const json = { "content-type": "application/json" };

describe("minConfidence of a server whose model sees nothing for sure", () => {
  let server: TinyServer;

  beforeAll(async () => {
    server = await tinyServer({ bundle: await sureBundleFiles({ confidence: 0.4, concepts: { dog: 0.5 } }) });
  });

  afterAll(() => server[Symbol.asyncDispose]());

  test("is a confidence for each caption, and no reason if it is enough", async () => {
    for (const query of ["", "?minConfidence=0.39"]) {
      const answer = await answerOf(await server.post(query, photo));
      expect(answer.confidence).toBeCloseTo(0.4, 6);
      expect(answer.caption.length).toBeGreaterThan(0);
      expect("reason" in answer).toBe(false);
    }
  });

  test("answers a bad photo with a problem, whatever the request and the format", async () => {
    const form = new FormData();
    form.append("image", new Blob([photo], { type: "image/jpeg" }), "a.jpg");
    form.append("minConfidence", "0.5");
    const answers = [
      await server.post("?minConfidence=0.5", photo),
      await server.post("", form, {}),
      await server.post("", JSON.stringify({ image: base64, minConfidence: 0.5 }), json),
      ...(await Promise.all(
        ["text/plain", "text/event-stream"].map((accept) =>
          server.post("?minConfidence=0.5", photo, { "content-type": "image/jpeg", accept }),
        ),
      )),
    ];
    for (const answer of answers) expect([answer.status, await problemCode(answer)]).toEqual([422, "caption-unsure"]);
  });

  test("says so in its place of several", async () => {
    const bodies = [{ image: base64, minConfidence: 0.5 }, { image: base64 }];
    const answer = await server.post("", JSON.stringify(bodies), json);
    expect(answer.status).toBe(200);
    const [unsure, sure] = (await answer.json()) as [Answer, Answer];
    expect(unsure.error.code).toBe("caption-unsure");
    expect(unsure.error.message).toContain("0.40");
    expect(sure.caption.length).toBeGreaterThan(0);
  });

  test("is refused out of range", async () => {
    for (const value of ["1.1", "-0.1", "high"]) {
      const answer = await server.post(`?minConfidence=${value}`, photo);
      expect([answer.status, await problemCode(answer)]).toEqual([422, "option-invalid"]);
    }
  });
});

test("minConfidence gives a plain caption if something is sure", async () => {
  await using server = await tinyServer({
    bundle: await sureBundleFiles({ confidence: 0.4, concepts: { umbrella: 0.9 } }),
  });
  const answer = await server.post("?minConfidence=0.5", photo);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ caption: "a photo of an umbrella", reason: "unsure", words: [] });
  const stream = await server.post("?minConfidence=0.5", photo, {
    "content-type": "image/jpeg",
    accept: "text/event-stream",
  });
  const events = (await stream.text()).match(/^event: .*$/gm);
  expect(events).toEqual(["event: caption"]);
});

test("minConfidence is refused by a model that does not say how sure it is", async () => {
  await using server = await tinyServer();
  expect(await problemCode(await server.post("?minConfidence=0.5", photo))).toBe("option-invalid");
  expect("confidence" in (await answerOf(await server.post("", photo)))).toBe(false);
});
