import { expect, test } from "bun:test";
import { connect } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { tinyServer } from "./tiny_server.ts";

const tries = 3;
const part = new Uint8Array(2 ** 20);
const parts = 30;

/** Sends a request as many clients do: they read nothing until everything is sent, and give up if sending fails. */
async function sentBeforeRead(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const { promise, resolve } = Promise.withResolvers<string>();
  let failed = "";
  socket.on("error", (error) => {
    failed = error.message;
  });
  socket.pause();
  const head = "POST /v1/captions HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n";
  socket.write(`${head}Content-Length: ${parts * part.length}\r\n\r\n`);
  for (let sent = 0; sent < parts && failed === ""; sent++) {
    await new Promise((done) => socket.write(part, done));
    await after(5);
  }
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("close", () => resolve(failed || text));
  socket.resume();
  if (socket.destroyed) resolve(failed || text);
  return promise;
}

test("a client that sends all of a body that is too large gets the answer", async () => {
  await using server = await tinyServer({ maxBodyBytes: 2 ** 20 });
  for (let i = 0; i < tries; i++) {
    const text = await sentBeforeRead(server.url);
    expect(text).toMatch(/^HTTP\/1\.1 413 .*body-too-large/s);
  }
});
