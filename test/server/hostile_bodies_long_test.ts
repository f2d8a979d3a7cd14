import { describe, expect, test } from "bun:test";
import { hostileBodies } from "./hostile_bodies.ts";
import { isWhole, rawExchange } from "./raw_http.ts";
import { example, tinyServer } from "./tiny_server.ts";

hostileBodies(20);

describe("bodies", () => {
  test("that come in a million chunks are given up", async () => {
    await using tiny = await tinyServer();
    const { status, text } = await rawExchange(
      tiny.url,
      (write) => {
        write("POST /v1/captions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        write("1\r\na\r\n".repeat(1_000_000));
      },
      { until: isWhole, limitMs: 30_000 },
    );
    expect([status, text.includes('"code":"body-invalid"')]).toEqual([400, true]);
    expect((await tiny.post("", example("coffee.jpg"))).status).toBe(200);
  });
});
