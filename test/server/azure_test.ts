import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { probeImage } from "../../src/image/decode.ts";
import { knowingServer, known } from "./knowing_server.ts";
import { example, type TinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const path = "/computervision/imageanalysis:analyze";
let server: TinyServer;

beforeAll(async () => {
  server = await knowingServer({ tokens: ["secret"] });
});

afterAll(() => server[Symbol.asyncDispose]());

function ask(
  query: string,
  body: string | Uint8Array<ArrayBuffer> = coffee,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const key = { "ocp-apim-subscription-key": "secret" };
  return fetch(`${server.url}${path}?${query}`, { method: "POST", body, headers: { ...key, ...headers } });
}

/** Status, outer and inner code of an error. */
async function failure(response: Response): Promise<unknown[]> {
  const { error } = (await response.json()) as { error: { code: string; innererror: { code: string } } };
  expect(response.headers.get("x-ms-error-code")).toBe(error.code);
  return [response.status, error.code, error.innererror.code];
}

describe("POST /computervision/imageanalysis:analyze", () => {
  test("gives the caption and the tags that are asked for, and the picture's size", async () => {
    const { width, height } = await probeImage(coffee);
    const captionResult = { text: known, confidence: 0.5 };
    const values = [
      { name: "fire hydrant", confidence: 0.9 },
      { name: "dog", confidence: 0.75 },
      { name: "grass", confidence: 0.5 },
    ];
    const rest = { modelVersion: "knowing", metadata: { width, height } };
    for (const [query, expected] of [
      ["features=caption,tags&api-version=2023-10-01&language=en", { captionResult, tagsResult: { values } }],
      ["features=Caption", { captionResult }],
      ["features=tags&features=tags&model-version=latest", { tagsResult: { values } }],
    ] as const) {
      const response = await ask(query, coffee, { "content-type": "application/octet-stream" });
      expect([response.status, await response.json()]).toEqual([200, { ...expected, ...rest }]);
    }
  });

  test("writes neutral captions if asked to, whatever the operator's choice", async () => {
    const neutral = known.replace("dog", "pet");
    await using own = await knowingServer({ defaults: { neutral: true } });
    for (const [at, given, text] of [
      [server.url, "&gender-neutral-caption=true", neutral],
      [server.url, "&gender-neutral-caption=TRUE", neutral],
      [server.url, "&gender-neutral-caption=false", known],
      [server.url, "", known],
      [own.url, "", neutral],
      [own.url, "&gender-neutral-caption=false", known],
    ] as const) {
      const headers = { "ocp-apim-subscription-key": "secret" };
      const response = await fetch(`${at}${path}?features=caption${given}`, { method: "POST", body: coffee, headers });
      const { captionResult } = (await response.json()) as { captionResult: { text: string } };
      expect([given, response.status, captionResult.text]).toEqual([given, 200, text]);
    }
    const perhaps = await ask("features=caption&gender-neutral-caption=perhaps");
    expect(await failure(perhaps)).toEqual([400, "InvalidRequest", "option-invalid"]);
  });

  test("accepts the address of a picture if the server fetches it", async () => {
    const json = { "content-type": "application/json" };
    const url = `data:image/jpeg;base64,${Buffer.from(coffee).toString("base64")}`;
    expect((await ask("features=caption", JSON.stringify({ url }), json)).status).toBe(200);
    const remote = JSON.stringify({ url: "https://example.org/a.jpg" });
    expect(await failure(await ask("features=caption", remote, json))).toEqual([
      403,
      "InvalidRequest",
      "url-forbidden",
    ]);
    expect(await failure(await ask("features=caption", "{}", json))).toEqual([400, "InvalidRequest", "body-invalid"]);
  });

  test("says in Azure's format what is wrong", async () => {
    const invalid = [400, "InvalidRequest", "request-invalid"];
    for (const query of ["", "features=", "features=caption,read", "features=caption&language=fr"])
      expect([query, await failure(await ask(query))]).toEqual([query, invalid]);
    const noPicture = await failure(await ask("features=caption", "no picture"));
    expect(noPicture).toEqual([400, "InvalidRequest", "image-unsupported"]);
    const wrong = { "ocp-apim-subscription-key": "wrong" };
    expect(await failure(await ask("features=caption", coffee, wrong))).toEqual([401, "401", "token-invalid"]);
    const none = { "ocp-apim-subscription-key": "" };
    expect(await failure(await ask("features=caption", coffee, none))).toEqual([401, "401", "token-invalid"]);
  });

  test("is at its own path only", async () => {
    for (const other of ["imageanalysis:other", "imageanalysisanalyze", "imageanalysis", "imageanalysis:analyze/x"]) {
      const response = await fetch(`${server.url}/computervision/${other}?features=caption`, {
        method: "POST",
        body: coffee,
        headers: { authorization: "Bearer secret" },
      });
      expect([other, response.status]).toEqual([other, 404]);
    }
  });

  test("answers any features and language with a caption or an error of its format", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 20 }), fc.string({ maxLength: 5 }), async (features, language) => {
        const response = await ask(String(new URLSearchParams({ features, language })));
        const body = (await response.json()) as { error?: { code: string }; modelVersion?: string };
        expect([200, 400]).toContain(response.status);
        expect(typeof (body.error?.code ?? body.modelVersion)).toBe("string");
      }),
      { numRuns: 30 },
    );
  });
});
