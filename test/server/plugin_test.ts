import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { edgecap } from "../../src/server/mod.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";
import { example } from "./tiny_server.ts";

const coffee = example("coffee.jpg");
const options = { bundle: await tinyBundleFiles(), workers: 1, log: () => {} };

type App = { fetch(request: Request): Response | Promise<Response> };

/** Statuses of the plugin's routes under a path of the app. */
async function statuses({ fetch }: App, at: string): Promise<Record<string, number>> {
  const image = { "content-type": "image/jpeg" };
  const requests: [string, RequestInit][] = [
    ["/healthz", {}],
    ["/healthz/", { method: "HEAD" }],
    ["/v1/captions?beams=1", { method: "POST", body: coffee, headers: image }],
    ["/computervision/imageanalysis:analyze?features=caption", { method: "POST", body: coffee, headers: image }],
    ["/v1/models/x/y", {}],
    ["/nowhere", {}],
    ["/v1/captions", { method: "DELETE" }],
  ];
  const found: Record<string, number> = {};
  for (const [path, init] of requests) {
    const response = await fetch(new Request(`http://localhost${at}${path}`, init));
    found[`${init.method ?? "GET"} ${path}`] = response.status;
    await response.body?.cancel();
  }
  return found;
}

const all = {
  "GET /healthz": 200,
  "HEAD /healthz/": 200,
  "POST /v1/captions?beams=1": 200,
  "POST /computervision/imageanalysis:analyze?features=caption": 200,
  "GET /v1/models/x/y": 404,
  "GET /nowhere": 404,
  "DELETE /v1/captions": 405,
};

describe("edgecap()", () => {
  test("answers wherever an app puts it", async () => {
    const plugin = edgecap(options);
    const { edgecap: server } = plugin.decorator;
    await using _ = server;
    await server.ready;
    const apps: [string, App][] = [
      ["/edgecap", new Elysia().get("/edgecap", () => "the app's own").use(plugin)],
      ["/api/edgecap", new Elysia({ prefix: "/api" }).use(plugin)],
      ["/v9/a/edgecap", new Elysia().group("/v9", (v9) => v9.group("/a", (a) => a.use(plugin)))],
      ["/shops/7/edgecap", new Elysia().group("/shops/:id", (shop) => shop.use(plugin))],
    ];
    for (const [at, app] of apps) expect([at, await statuses(app, at)]).toEqual([at, all]);
  });

  test("takes a prefix however it is written", async () => {
    for (const [prefix, at] of [
      ["captions/", "/captions"],
      ["/", ""],
    ] as const) {
      const plugin = edgecap({ ...options, prefix });
      await using server = plugin.decorator.edgecap;
      await server.ready;
      expect([prefix, await statuses(new Elysia().use(plugin), at)]).toEqual([prefix, all]);
    }
  });

  test("leads to its page with a slash at the end, so that the page finds what is beside it", async () => {
    const plugin = edgecap(options);
    await using server = plugin.decorator.edgecap;
    await server.ready;
    const app = new Elysia().group("/api", (api) => api.use(plugin));
    const response = await app.fetch(new Request("http://localhost/api/edgecap?a=b"));
    expect([response.status, response.headers.get("location")]).toEqual([302, "edgecap/?a=b"]);
    const page = await app.fetch(new Request("http://localhost/api/edgecap/"));
    expect([page.status, (await page.text()).includes("<!doctype html>")]).toEqual([200, true]);
    const posted = new Request("http://localhost/api/edgecap", { method: "POST", body: coffee });
    expect((await app.fetch(posted)).status).toBe(200);
    const { servers } = (await (await app.fetch(new Request("http://localhost/api/edgecap/openapi.json"))).json()) as {
      servers: { url: string }[];
    };
    expect(new URL(servers[0]!.url, "http://localhost/api/edgecap/openapi.json").pathname).toBe("/api/edgecap/");
  });

  test("asks for its tokens, whatever the path", async () => {
    const plugin = edgecap({ ...options, tokens: ["secret"] });
    await using server = plugin.decorator.edgecap;
    await server.ready;
    const app = new Elysia().group("/api", (api) => api.use(plugin));
    for (const path of [
      "/v1/models",
      "//v1/models",
      "/healthz/../v1/models",
      "/healthz/%2e%2e/v1/models",
      "/metrics/",
    ]) {
      const response = await app.fetch(new Request(`http://localhost/api/edgecap${path}`));
      expect([path, response.status]).toEqual([path, 401]);
    }
    const headers = { authorization: "Bearer secret" };
    const known = await app.fetch(new Request("http://localhost/api/edgecap/v1/models", { headers }));
    expect(known.status).toBe(200);
  });

  test("says it when the app has read the body before", async () => {
    const plugin = edgecap(options);
    await using server = plugin.decorator.edgecap;
    await server.ready;
    const post = { method: "POST", body: coffee, headers: { "content-type": "image/jpeg" } };
    const url = "http://localhost/edgecap/v1/captions";
    const before = new Elysia().onParse(({ request }) => request.text()).use(plugin);
    const refused = await before.fetch(new Request(url, post));
    expect([refused.status, await refused.text()]).toEqual([500, expect.stringContaining("add edgecap() before it")]);
    const after = new Elysia().use(plugin).onParse(({ request }) => request.text());
    expect((await after.fetch(new Request(url, post))).status).toBe(200);
  });
});
