/** Pages of apps and browser extensions, whose origins have schemes of their own. */
import { expect, test } from "bun:test";
import { createServer } from "../../src/server/mod.ts";
import { knowingServer, known } from "./knowing_server.ts";
import { example } from "./tiny_server.ts";

const apps = ["app://obsidian.md", "tauri://localhost", "moz-extension://0f1e-2d", "capacitor://localhost:8080"];

test("an app may call the server if --cors names its origin, and no other app may", async () => {
  await using server = await knowingServer({ corsOrigins: apps.slice(0, 3) });
  const ask = (origin: string) => server.post("", example("coffee.jpg"), { "content-type": "image/jpeg", origin });
  for (const origin of apps.slice(0, 3)) {
    const response = await ask(origin);
    expect([origin, response.headers.get("access-control-allow-origin")]).toEqual([origin, origin]);
    expect(((await response.json()) as { caption: string }).caption).toBe(known);
  }
  for (const origin of ["app://other.md", "chrome-extension://abc", "null"]) {
    const response = await ask(origin);
    expect([origin, response.status]).toEqual([origin, 403]);
    await response.body?.cancel();
  }
});

test("what is not an origin is refused", () => {
  // Pages from files, and sandboxed pages, all have the origin "null".
  for (const origin of ["app://", "app://obsidian.md/", "file://", "data://x", "null", "obsidian.md", "https://a.b/c"])
    expect(() => createServer({ corsOrigins: [origin] })).toThrow("is not an origin");
});
