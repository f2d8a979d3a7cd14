import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { example, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");

/** Opens a connection, sends some bytes, and gives everything that comes back until the server closes or `ms` pass. */
function exchange(
  url: string,
  send: (write: (part: string | Uint8Array) => void) => void,
  ms: number,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const timer = setTimeout(() => socket.destroy(), ms);
  socket.on("data", (chunk) => {
    text += chunk;
    // A runtime may keep the connection open for the rest of the body.
    if (text.endsWith("}")) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(timer);
    resolve(text);
  });
  socket.on("connect", () => send((part) => void socket.write(part)));
  return promise;
}

function head(length: number, more = "", query = ""): string {
  return `POST /v1/captions${query} HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: ${length}\r\n${more}\r\n`;
}

describe("slow clients", () => {
  test("are answered 408 if their body does not arrive, and occupy no worker meanwhile", async () => {
    await using tiny = await tinyServer({ bodyTimeoutMs: 1500 });
    const slow = Array.from({ length: 8 }, () =>
      exchange(
        tiny.url,
        (write) => {
          write(head(coffee.length));
          write(coffee.slice(0, 1000));
        },
        30_000,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { workers } = (await (await fetch(`${tiny.url}/readyz`)).json()) as { workers: object };
    expect(workers).toEqual({ ready: 1, busy: 0, starting: 0, queue: 0 });
    expect((await tiny.post("", coffee)).status).toBe(200);
    for (const text of await Promise.all(slow)) {
      expect(text).toContain("HTTP/1.1 408");
      expect(text).toContain('"code":"body-timeout"');
    }
  });

  test("may cut their connection in the middle of a body", async () => {
    await using tiny = await tinyServer();
    await exchange(
      tiny.url,
      (write) => {
        write(head(coffee.length));
        write(coffee.slice(0, 1000));
      },
      200,
    );
    expect((await tiny.post("", coffee)).status).toBe(200);
    // Deno gives a test no limit of its own.
    for (const limit = performance.now() + 60_000; tiny.log.length < 2; ) {
      expect(performance.now()).toBeLessThan(limit);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(tiny.log.filter(({ status }) => Number(status) >= 500 || status === 200).length).toBe(1);
  });
});

describe("a client that hangs up", () => {
  for (const [accept, path] of [
    ["application/json", "/v1/captions"],
    ["text/event-stream", "/v1/captions"],
    // A request that is rebuilt for its odd path hears of it too.
    ["application/json", "/x/../v1/captions"],
  ] as const) {
    test(`frees its place, having accepted ${accept} at ${path}`, async () => {
      await using tiny = await tinyServer({ createWorker: faultyWorker });
      const { hostname, port } = new URL(tiny.url);
      const socket = connect(Number(port), hostname, () => {
        socket.write(head(coffee.length, `accept: ${accept}\r\n`, "?seed=600000").replace("/v1/captions", path));
        socket.write(coffee);
      });
      socket.on("error", () => {});
      await until(async () => (await busy(tiny.url)) === 1);
      socket.destroy();
      await until(async () => (await busy(tiny.url)) === 0);
      expect(tiny.log.find(({ route }) => route === "/v1/captions")).toMatchObject({ status: 499 });
      expect((await tiny.post("?seed=0", coffee)).status).toBe(200);
    });
  }
});

function faultyWorker(): Worker {
  return new Worker(new URL("./faulty_worker.ts", import.meta.url).href, { type: "module" });
}

async function busy(url: string): Promise<number> {
  const { workers } = (await (await fetch(`${url}/readyz`)).json()) as { workers: { busy: number } };
  return workers.busy;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
