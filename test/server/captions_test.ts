import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Caption, type Captioner, load } from "../../src/mod.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { type Body, example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const chelsea = example("chelsea.jpg");

let tiny: TinyServer;
let captioner: Captioner;

beforeAll(async () => {
  [tiny, captioner] = await Promise.all([tinyServer(), tinyBundleFiles().then((files) => load({ bundle: files }))]);
});

afterAll(async () => {
  await tiny[Symbol.asyncDispose]();
  await captioner[Symbol.asyncDispose]();
});

/** The part of a caption that is the same for the same photo. */
function comparable({ caption, logProbability, words, alternatives }: Caption) {
  return { caption, logProbability, words, alternatives };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

const jsonType = { "content-type": "application/json" };

describe("POST /v1/captions", () => {
  test("answers a bare body with what the library gives, in the shape of the command line", async () => {
    for (const type of ["image/jpeg", "application/octet-stream", "image/x-whatever; q=1"]) {
      const response = await tiny.post("?beams=3&alternatives=2&maxWords=5", coffee, { "content-type": type });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("cache-control")).toBe("no-store");
      const body = (await response.json()) as Caption;
      expect(Object.keys(body)).toEqual([
        "image",
        "caption",
        "logProbability",
        "words",
        "alternatives",
        "concepts",
        "timing",
      ]);
      expect(comparable(body)).toEqual(
        comparable(await captioner.caption(coffee, { beams: 3, alternatives: 2, maxWords: 5 })),
      );
    }
  });

  test("takes every option, as query, field and property", async () => {
    const options = { temperature: 1.5, topK: 4, topP: 0.9, seed: 7, alternatives: 1, maxWords: 4, attention: true };
    const expected = comparable(await captioner.caption(coffee, options));
    expect(expected.words[0]!.attention!.length).toBe(49);
    const texts = Object.entries(options).map(([name, value]) => [name, String(value)] as [string, string]);
    const query = await tiny.post(`?${new URLSearchParams(texts)}`, coffee);
    const form = new FormData();
    for (const [name, value] of texts) form.append(name, value);
    form.append("photo", new Blob([coffee], { type: "image/jpeg" }), "coffee.jpg");
    const fields = await tiny.post("", form, {});
    const properties = await tiny.post("", JSON.stringify({ ...options, image: base64(coffee) }), jsonType);
    for (const response of [query, fields, properties])
      expect(comparable((await response.json()) as Caption)).toEqual(expected);
  });

  test("takes one file of a form, and many", async () => {
    const form = new FormData();
    form.append("image", new Blob([coffee]), "coffee.jpg");
    expect(((await (await tiny.post("", form, {})).json()) as { image: string }).image).toBe("coffee.jpg");
    form.append("image", new Blob([chelsea]), "chelsea.jpg");
    form.append("other", new Blob(["no picture"]), "notes.txt");
    const many = (await (await tiny.post("", form, {})).json()) as (Caption & { image: string; error?: object })[];
    expect(many.map(({ image }) => image)).toEqual(["coffee.jpg", "chelsea.jpg", "notes.txt"]);
    expect(many[0]!.caption).toBe((await captioner.caption(coffee)).caption);
    expect(many[1]!.caption).toBe((await captioner.caption(chelsea)).caption);
    expect(many[2]!.error).toMatchObject({ code: "image-unsupported" });
  });

  test("takes base64, data URLs and arrays in JSON", async () => {
    const expected = (await captioner.caption(coffee)).caption;
    const dataUrl = `data:image/jpeg;base64,${base64(coffee)}`;
    const others = [
      `data:image/jpeg;base64,${encodeURIComponent(base64(coffee))}`,
      ` DATA:image/jpeg;name="a b.jpg"; base64,${base64(coffee)}\n`,
      `data:;base64,${Buffer.from(coffee).toString("base64url")}`,
    ];
    for (const image of [base64(coffee), dataUrl, ...others]) {
      const response = await tiny.post("", JSON.stringify({ image }), jsonType);
      expect(((await response.json()) as Caption).caption).toBe(expected);
    }
    const lists = [{ image: [dataUrl, base64(chelsea)] }, [{ image: dataUrl }, { image: base64(chelsea), beams: 1 }]];
    for (const list of lists) {
      const many = (await (await tiny.post("", JSON.stringify(list), jsonType)).json()) as Caption[];
      expect(many.length).toBe(2);
      expect(many[0]!.caption).toBe(expected);
    }
    const [one] = (await (await tiny.post("", JSON.stringify([{ image: dataUrl }]), jsonType)).json()) as Caption[];
    expect(one!.caption).toBe(expected);
  });

  test("gives only the sentence to clients that accept text", async () => {
    const accept = { "content-type": "image/jpeg", accept: "text/plain, application/json;q=0.5" };
    const response = await tiny.post("", coffee, accept);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toBe(`${(await captioner.caption(coffee)).caption}\n`);
  });

  for (const query of ["?beams=1", "?beams=4&attention=true", "?temperature=1.2&seed=5"]) {
    test(`streams words and then the whole, with ${query}`, async () => {
      const headers = { "content-type": "image/jpeg", accept: "text/event-stream" };
      const response = await tiny.post(query, coffee, headers);
      expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      const events = (await response.text())
        .split("\n\n")
        .flatMap((block) => /^event: (\w+)\ndata: (.*)$/.exec(block)?.slice(1) ?? [])
        .flatMap((_, i, all) => (i % 2 === 0 ? [{ event: all[i]!, data: JSON.parse(all[i + 1]!) }] : []));
      const whole = events.pop()!;
      expect(whole.event).toBe("caption");
      expect(events.map(({ event }) => event)).toEqual(whole.data.caption.words.map(() => "word"));
      expect(events.map(({ data: { type: _, ...word } }) => word)).toEqual(whole.data.caption.words);
      const plain = (await (await tiny.post(query, coffee)).json()) as Caption;
      expect(comparable(whole.data.caption)).toEqual(comparable(plain));
    });
  }

  test("answers a photo seen before from the cache, unless the client forbids it", async () => {
    const ask = async (headers: Record<string, string>) => {
      const response = await tiny.post("?seed=99", coffee, { "content-type": "image/jpeg", ...headers });
      await response.body?.cancel();
      return response.headers.get("cache-status");
    };
    expect(await ask({ "cache-control": "no-store" })).toBe("edgecap; fwd=miss");
    expect(await ask({})).toBe("edgecap; fwd=miss");
    expect(await ask({})).toBe("edgecap; hit");
    expect(await ask({ "cache-control": "no-cache" })).toBe("edgecap; fwd=miss");
  });

  test("shares one inference among identical photos in flight", async () => {
    const responses = await Promise.all(Array.from({ length: 6 }, () => tiny.post("?seed=123", coffee)));
    const origins = responses.map((response) => response.headers.get("cache-status"));
    const captions = await Promise.all(responses.map(async (response) => ((await response.json()) as Caption).caption));
    expect(new Set(captions).size).toBe(1);
    expect(origins.filter((origin) => origin === "edgecap; fwd=miss").length).toBe(1);
  });

  const image = { "content-type": "image/jpeg" };
  const truncated = coffee.slice(0, coffee.length - 20_000);
  const bomb = gifBomb();
  const refused: [string, number, string, string, Body, Record<string, string>][] = [
    ["an empty body", 422, "image-empty", "", "", image],
    ["a text", 415, "image-unsupported", "", "no picture at all", image],
    ["a truncated JPEG", 422, "image-truncated", "", truncated, image],
    ["too many pixels", 413, "image-too-large", "", bomb, image],
    ["another content type", 415, "type-unsupported", "", "<p>no picture</p>", { "content-type": "text/html" }],
    [
      "a content type of forms",
      415,
      "type-unsupported",
      "",
      "a=b",
      { "content-type": "application/x-www-form-urlencoded" },
    ],
    ["broken JSON", 400, "body-invalid", "", "{", jsonType],
    ["JSON that is not an object", 400, "body-invalid", "", "7", jsonType],
    ["JSON without an image", 422, "images-missing", "", "{}", jsonType],
    ["an empty array", 422, "images-missing", "", "[]", jsonType],
    ["an image that is not a string", 400, "body-invalid", "", '{"image": 7}', jsonType],
    ["an image not in base64", 400, "body-invalid", "", '{"image": "?!"}', jsonType],
    ["a data URL with a broken escape", 400, "body-invalid", "", '{"image": "data:;base64,AAAA%"}', jsonType],
    ["a data URL not in base64", 400, "body-invalid", "", '{"image": "data:text/plain,hello"}', jsonType],
    ["an image by URL", 403, "url-forbidden", "", '{"image": "http://127.0.0.1/x.jpg"}', jsonType],
    ["a broken form", 400, "body-invalid", "", "--x\r\nno form", { "content-type": "multipart/form-data; boundary=y" }],
    ["an option of a wrong kind", 422, "option-invalid", "?beams=two", coffee, image],
    ["an option out of range", 422, "option-invalid", "?beams=65", coffee, image],
    ["an option given twice", 422, "option-invalid", "?beams=1&beams=2", coffee, image],
    ["an option that is none", 422, "option-invalid", "?beam=3", coffee, image],
    ["options that exclude each other", 422, "option-invalid", "?topK=3", coffee, image],
    ["an option that is far too long", 422, "option-invalid", `?seed=${"1".repeat(2000)}`, coffee, image],
    ["an unknown property", 422, "option-invalid", "", JSON.stringify({ image: "AAAA", size: 3 }), jsonType],
    ["a representation that is not here", 406, "accept-unsupported", "", coffee, { ...image, accept: "image/png" }],
  ];
  for (const [what, status, code, query, body, headers] of refused) {
    test(`refuses ${what} with ${status} ${code}`, async () => {
      const response = await tiny.post(query, body, headers);
      expect([response.status, await problemCode(response)]).toEqual([status, code]);
    });
  }

  test("refuses a bad photo with its status even if a stream was requested", async () => {
    const response = await tiny.post("", truncated, { ...image, accept: "text/event-stream" });
    expect([response.status, await problemCode(response)]).toEqual([422, "image-truncated"]);
  });

  test("refuses a request all of whose photos are bad", async () => {
    const form = new FormData();
    form.append("a", new Blob(["no"]), "a.jpg");
    form.append("b", new Blob(["neither"]), "b.jpg");
    const response = await tiny.post("", form, {});
    expect([response.status, await problemCode(response)]).toEqual([415, "image-unsupported"]);
  });
});

describe("limits", () => {
  test("bound the body, declared or not, the number of images and their pixels", async () => {
    await using small = await tinyServer({ maxBodyBytes: 60_000, maxImages: 2, maxPixels: 1000 });
    const big = new Uint8Array(60_001);
    const declared = await small.post("", big);
    expect([declared.status, await problemCode(declared)]).toEqual([413, "body-too-large"]);
    const chunks = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 8; i++) controller.enqueue(new Uint8Array(10_000));
        controller.close();
      },
    });
    const streamed = await fetch(`${small.url}/v1/captions`, {
      method: "POST",
      body: chunks,
      headers: { "content-type": "image/jpeg" },
      duplex: "half",
    } as RequestInit);
    expect([streamed.status, await problemCode(streamed)]).toEqual([413, "body-too-large"]);
    const form = new FormData();
    for (const name of ["a", "b", "c"]) form.append(name, new Blob(["x"]), name);
    const many = await small.post("", form, {});
    expect([many.status, await problemCode(many)]).toEqual([413, "images-too-many"]);
    const wide = await small.post("", coffee);
    expect([wide.status, await problemCode(wide)]).toEqual([413, "image-too-large"]);
    expect((await fetch(`${small.url}/healthz`)).status).toBe(200);
  });
});

/** A GIF of 65,535 x 65,535 pixels in a few bytes. */
function gifBomb(): Uint8Array<ArrayBuffer> {
  const header = [0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
  const image = [0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 2, 2, 0x4c, 1, 0, 0x3b];
  return Uint8Array.from([...header, ...image]);
}
