import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Value } from "@sinclair/typebox/value";
import parsePrometheus from "parse-prometheus-text-format";
import { createServer } from "../../src/server/mod.ts";
import { bothModelsSchema } from "../../src/server/routes/openai_schemas.ts";
import { captionSchema, modelsSchema } from "../../src/server/schemas.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { example, problemCode, type TinyServer, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
let tiny: TinyServer;

beforeAll(async () => {
  tiny = await tinyServer({ tokens: ["first-token", "second-token"], corsOrigins: ["https://app.example"] });
});

afterAll(() => tiny[Symbol.asyncDispose]());

const token = { authorization: "Bearer second-token" };
const image = { "content-type": "image/jpeg", ...token };

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${tiny.url}${path}`, init);
}

/** Samples of a metric by their labels, read by a parser of Prometheus' format. */
async function samples(name: string): Promise<{ value?: string; count?: string; labels?: Record<string, string> }[]> {
  const response = await get("/metrics", { headers: token });
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const families = parsePrometheus(await response.text());
  const family = families.find((one) => one.name === name);
  if (family === undefined) throw new Error(`There is no metric "${name}".`);
  return family.metrics;
}

describe("/metrics", () => {
  test("counts requests, captions, words and times", async () => {
    const before = Number((await samples("edgecap_words_total"))[0]!.value);
    const response = await tiny.post("?seed=31", coffee, image);
    const { words } = (await response.json()) as { words: unknown[] };
    expect((await tiny.post("?beams=x", coffee, image)).status).toBe(422);
    expect(Number((await samples("edgecap_words_total"))[0]!.value) - before).toBe(words.length);
    const requests = await samples("edgecap_http_requests_total");
    const statuses = requests
      .filter(({ labels }) => labels?.["route"] === "/v1/captions")
      .map(({ labels }) => labels!["status"]);
    expect(statuses).toContain("200");
    expect(statuses).toContain("422");
    for (const histogram of ["edgecap_queue_wait_seconds", "edgecap_encode_seconds", "edgecap_generate_seconds"])
      expect(Number((await samples(histogram))[0]!.count)).toBeGreaterThan(0);
    for (const gauge of ["edgecap_queue_length", "edgecap_worker_restarts_total", "edgecap_cache_bytes"])
      expect(Number((await samples(gauge))[0]!.value)).toBeGreaterThanOrEqual(0);
    expect(Number((await samples("process_resident_memory_bytes"))[0]!.value)).toBeGreaterThan(1e7);
    expect(Number((await samples("edgecap_workers_ready"))[0]!.value)).toBe(1);
  });
});

describe("/openapi", () => {
  test("is a valid document with every route in it", async () => {
    const document = (await (await get("/openapi")).json()) as { paths: Record<string, Record<string, unknown>> };
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect([errors ?? [], valid]).toEqual([[], true]);
    expect(validator.version).toBe("3.1");
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = tiny.server.routes.map(({ method, path }) => `${method} ${path}`);
    expect(documented.sort()).toEqual(served.sort());
    expect(documented).toContain("POST /v1/captions");
  });

  test("says what the answers are like", async () => {
    const caption = await (await tiny.post("?alternatives=1&attention=true", coffee, image)).json();
    expect([...Value.Errors(captionSchema, caption)]).toEqual([]);
    const models = await (await get("/v1/models", { headers: token })).json();
    expect([...Value.Errors(modelsSchema, models)]).toEqual([]);
    expect([...Value.Errors(bothModelsSchema, models)]).toEqual([]);
    expect(await (await get("/openapi.json")).json()).toEqual(await (await get("/openapi")).json());
    expect(models).toMatchObject({ models: [{ name: "tiny", preset: "attention", vocabulary: 12 }] });
  });
});

describe("tokens", () => {
  test("open their own routes; without a token only monitoring and the page are open", async () => {
    for (const path of ["/health", "/healthz", "/readyz", "/openapi", "/openapi.json", "/docs", "/"]) {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 200]);
      await response.body?.cancel();
    }
    for (const authorization of ["", "Bearer", "Bearer wrong", "Basic second-token", "Bearer second-token2"]) {
      for (const [path, method] of [
        ["/v1/captions", "POST"],
        ["/", "POST"],
        ["/models/x", "POST"],
        ["/v1/models", "GET"],
        ["/metrics", "GET"],
      ] as const) {
        const headers: Record<string, string> = authorization === "" ? {} : { authorization };
        const response = await get(path, { method, headers });
        expect([path, response.status, await problemCode(response)]).toEqual([path, 401, "token-invalid"]);
        expect(response.headers.get("www-authenticate")).toContain("Bearer");
      }
    }
    for (const good of ["first-token", "second-token"]) {
      const response = await get("/v1/models", { headers: { authorization: `Bearer ${good}` } });
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
  });
});

describe("CORS", () => {
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/v1/captions`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });

  test("allows only the named origins", async () => {
    const allowed = await preflight(tiny.url, "https://app.example");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
    const answer = await tiny.post("", coffee, { ...image, origin: "https://app.example" });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    await answer.body?.cancel();
    const denied = await preflight(tiny.url, "https://evil.example");
    expect(denied.headers.get("access-control-allow-origin")).toBe(null);
    await denied.body?.cancel();
  });

  test("lets a named origin send the headers that its client adds", async () => {
    const asked = "authorization,content-type,x-stainless-os,ocp-apim-subscription-key";
    for (const [headers, expected] of [
      [asked, asked],
      ["x-a; b", "authorization, cache-control, content-type, x-request-id"],
      [`x-${"a".repeat(3000)}`, "authorization, cache-control, content-type, x-request-id"],
    ] as const) {
      const response = await fetch(`${tiny.url}/v1/chat/completions`, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": headers,
        },
      });
      expect([response.status, response.headers.get("access-control-allow-headers")]).toEqual([204, expected]);
      expect(response.headers.get("vary")).toBe("origin");
    }
  });

  test("lets a named origin reach a local address, if its browser asks", async () => {
    for (const [origin, allowed] of [
      ["https://app.example", "true"],
      ["https://evil.example", null],
    ] as const) {
      const headers = {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-private-network": "true",
      };
      const response = await fetch(`${tiny.url}/v1/captions`, { method: "OPTIONS", headers });
      expect([origin, response.headers.get("access-control-allow-private-network")]).toEqual([origin, allowed]);
      await response.body?.cancel();
    }
    const usual = await preflight(tiny.url, "https://app.example");
    expect(usual.headers.has("access-control-allow-private-network")).toBe(false);
  });

  test("is off by default", async () => {
    await using plain = await tinyServer();
    const response = await preflight(plain.url, "https://app.example");
    expect(response.headers.get("access-control-allow-origin")).toBe(null);
    expect(response.ok).toBe(false);
    await response.body?.cancel();
  });
});

describe("the log", () => {
  test("has a line per request, with its id but nothing about the photo", async () => {
    const id = "given-by-the-client.1";
    const response = await tiny.post("?seed=77", coffee, { ...image, "x-request-id": id });
    expect(response.headers.get("x-request-id")).toBe(id);
    await response.body?.cancel();
    const [line, ...more] = tiny.log.filter((one) => one["id"] === id);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ method: "POST", route: "/v1/captions", status: 200, images: 1, bytes: coffee.length });
    const strange = await tiny.post("", "x", { ...image, "x-request-id": "bad id\tfull of blanks" });
    const made = strange.headers.get("x-request-id")!;
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
    const { instance } = (await strange.json()) as { instance: string };
    expect(instance).toBe(`urn:edgecap:request:${made}`);
    expect(tiny.log.find((one) => one["id"] === made)).toMatchObject({ status: 415, code: "image-unsupported" });
    expect(JSON.stringify(tiny.log)).not.toMatch(/first-token|second-token|Bearer/);
  });
});

describe("routes", () => {
  test("say which methods they take", async () => {
    const response = await get("/v1/captions", { headers: token });
    expect([response.status, await problemCode(response)]).toEqual([405, "method-not-allowed"]);
    expect(response.headers.get("allow")).toBe("POST");
    const nowhere = await get("/v2/captions", { headers: token });
    expect([nowhere.status, await problemCode(nowhere)]).toEqual([404, "route-unknown"]);
  });

  test("are found under any host name, and as a web-standard handler", async () => {
    for (const host of ["a", "cap", "edge.example", "[::1]:8080"]) {
      const response = await tiny.server.fetch(new Request(`http://${host}/healthz`));
      expect([host, response.status]).toEqual([host, 200]);
      expect(await response.json()).toEqual({ status: "alive" });
    }
  });
});

describe("drain()", () => {
  test("finishes open requests, refuses new ones, and is not ready", async () => {
    await using other = await tinyServer();
    const inHand = other.post("?beams=60&maxWords=300", coffee);
    while (!other.log.some(() => true) && !(await isBusy(other.url))) await new Promise((r) => setTimeout(r, 1));
    const drained = other.server.drain(60_000);
    const ready = await other.server.fetch(new Request(`${other.url}/readyz`));
    expect([ready.status, await problemCode(ready)]).toEqual([503, "draining"]);
    expect(ready.headers.get("retry-after")).not.toBe(null);
    const late = await other.server.fetch(new Request(`${other.url}/v1/captions`, { method: "POST", body: coffee }));
    expect([late.status, await problemCode(late)]).toEqual([503, "draining"]);
    expect((await inHand).status).toBe(200);
    expect(await drained).toBe(true);
  });
});

async function isBusy(url: string): Promise<boolean> {
  const { workers } = (await (await fetch(`${url}/readyz`)).json()) as { workers: { busy: number } };
  return workers.busy > 0;
}

describe("createServer()", () => {
  test("refuses options out of range", async () => {
    const bundle = await tinyBundleFiles();
    for (const options of [
      { workers: 0 },
      { queueSize: -1 },
      { tokens: [""] },
      { corsOrigins: ["app.example"] },
      { allowUrlHosts: ["a/b"] },
    ])
      expect(() => createServer({ bundle, ...options })).toThrow();
  });

  test("is not ready, and says so, if the bundle is missing", async () => {
    const server = createServer({ bundle: "no-such-bundle", workers: 1 });
    await expect(server.ready).rejects.toThrow('No bundle at "');
    const response = await server.fetch(new Request("http://localhost/readyz"));
    expect([response.status, await problemCode(response)]).toEqual([503, "not-ready"]);
    expect((await server.fetch(new Request("http://localhost/healthz"))).status).toBe(200);
    await server[Symbol.asyncDispose]();
  });
});
