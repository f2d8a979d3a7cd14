import { describe, expect, test } from "bun:test";
import { tinyServer } from "../server/tiny_server.ts";
import { edgecap } from "./edgecap.ts";

describe("edgecap healthcheck", () => {
  test("succeeds if the server answers with success, and otherwise fails", async () => {
    await using tiny = await tinyServer();
    for (const route of ["/healthz", "/readyz"]) {
      const alive = await edgecap(["healthcheck", `${tiny.url}${route}`]);
      expect([alive.status, alive.stderr]).toEqual([0, ""]);
      expect(alive.stdout).toContain(`${tiny.url}${route} answers 200: {"status":`);
    }
    await tiny.server.drain(1000);
    const draining = await edgecap(["healthcheck", `${tiny.url}/readyz`]);
    expect([draining.status, draining.stdout]).toEqual([
      1,
      expect.stringContaining(`${tiny.url}/readyz answers 503: `),
    ]);
  });

  test("asks the server itself, whatever proxy the environment names", async () => {
    await using tiny = await tinyServer();
    process.env["http_proxy"] = "http://127.0.0.1:1";
    try {
      const { status, stderr } = await edgecap(["healthcheck", `${tiny.url}/healthz`]);
      expect([status, stderr]).toEqual([0, ""]);
    } finally {
      delete process.env["http_proxy"];
    }
  });

  test("fails if nobody answers, and recognises invalid addresses", async () => {
    const nobody = await edgecap(["healthcheck", "http://127.0.0.1:1/healthz"]);
    expect([nobody.status, nobody.stdout]).toEqual([1, ""]);
    expect(nobody.stderr).toContain("http://127.0.0.1:1/healthz does not answer: ");
    expect((await edgecap(["healthcheck", "localhost"])).status).toBe(2);
  });
});
