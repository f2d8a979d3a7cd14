/** No client can keep a connection, or memory, for longer than its request needs. */
import { describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { rawExchange } from "./raw_http.ts";
import { example, problemCode, tinyServer } from "./tiny_server.ts";

const coffee = example("coffee.jpg");

/** Time after which every connection below has to be closed: ten seconds, and the steps in which runtimes look. */
const closedMs = 17_000;

/** Writes a byte again and again. */
function drip(write: (part: string) => void, byte = "x", everyMs = 300): void {
  const timer = setInterval(() => write(byte), everyMs);
  setTimeout(() => clearInterval(timer), 2 * closedMs);
}

const get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const post = (path: string, length: number, more = "") =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n${more}Content-Length: ${length}\r\n\r\n`;

describe("connections", () => {
  const cases: Record<string, (write: (part: string | Uint8Array) => void) => void> = {
    "that never send anything": () => {},
    "whose first head drips": (write) => {
      write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
      drip(write);
    },
    "that are idle after an answer": (write) => write(get),
    "that are idle after three answers": (write) => write(get + get + get),
    "that are idle after a caption": (write) => {
      write(post("/v1/captions", coffee.length));
      write(coffee);
    },
    "that are idle after a stream": (write) => {
      write(post("/v1/captions", coffee.length, "Accept: text/event-stream\r\n"));
      write(coffee);
    },
    "whose second head drips": (write) => {
      write(get);
      setTimeout(() => write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "), 300);
      drip(write, "x", 600);
    },
    "whose second head never ends": (write) => {
      write(get);
      setTimeout(() => write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n"), 300);
    },
    "whose body drips behind a 404": (write) => {
      write(post("/nothing", 1_000_000));
      drip(write);
    },
    "whose body never comes behind a 405": (write) => write(post("/v1/models", 1_000_000)),
    "whose chunks drip behind a 404": (write) => {
      write("POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
      drip(write, "1\r\na\r\n");
    },
    "whose body drips": (write) => {
      write(post("/v1/captions", 1_000_000));
      drip(write);
    },
    "whose body never comes": (write) => write(post("/v1/captions", 1_000_000)),
    "whose body is far too large": (write) => {
      write(post("/v1/captions", 1e12));
      drip(write);
    },
  };

  test("are closed once they are no longer needed", async () => {
    await using tiny = await tinyServer({ bodyTimeoutMs: 8000 });
    const found = await Promise.all(
      Object.entries(cases).map(async ([name, send]) => {
        const { closedAfter } = await rawExchange(tiny.url, send, { limitMs: closedMs });
        return [name, closedAfter !== undefined] as const;
      }),
    );
    expect(found.filter(([, closed]) => !closed)).toEqual([]);
  });

  test("that are idle by the hundreds do not keep others out", async () => {
    await using tiny = await tinyServer();
    const { hostname, port } = new URL(tiny.url);
    const idle = await Promise.all(
      Array.from({ length: 400 }, () => {
        const { promise, resolve } = Promise.withResolvers<Socket>();
        const socket = connect(Number(port), hostname, () => socket.write(get));
        socket.on("error", () => {});
        socket.once("data", () => resolve(socket));
        return promise;
      }),
    );
    expect((await tiny.post("", coffee)).status).toBe(200);
    let closed = 0;
    for (const socket of idle) socket.on("close", () => closed++);
    for (const limit = performance.now() + closedMs; closed < idle.length && performance.now() < limit; )
      await new Promise((resolve) => setTimeout(resolve, 100));
    for (const socket of idle) socket.destroy();
    expect(closed).toBe(idle.length);
  });

  test("are kept for clients that ask again", async () => {
    await using tiny = await tinyServer();
    const { text } = await rawExchange(
      tiny.url,
      (write) => {
        write(get);
        setTimeout(() => write(get), 2000);
        setTimeout(() => write(get), 4000);
      },
      { until: (all) => all.split('"alive"').length === 4, limitMs: closedMs },
    );
    expect(text.split('"alive"').length).toBe(4);
  });
});

describe("a body that arrives very slowly", () => {
  test("is abandoned long before the time limit", async () => {
    await using tiny = await tinyServer({ bodyTimeoutMs: 60_000 });
    const { status, text } = await rawExchange(
      tiny.url,
      (write) => {
        write(post("/v1/captions", 1_000_000));
        drip(write);
      },
      { until: (all) => all.includes('"code"'), limitMs: 20_000 },
    );
    expect([status, text.includes('"code":"body-timeout"')]).toEqual([408, true]);
  });
});

describe("bodies of all requests together", () => {
  test("hold no more memory than the limit; what is more is refused at once, and counted", async () => {
    const limit = 4_000_000;
    await using tiny = await tinyServer({ maxBodyBytes: 1_000_000, bodyMemoryBytes: limit, bodyTimeoutMs: 6000 });
    const part = new Uint8Array(900_000);
    const slow = Array.from({ length: 12 }, () =>
      rawExchange(
        tiny.url,
        (write) => {
          write(post("/v1/captions", 1_000_000));
          write(part);
        },
        { until: (all) => all.includes('"code"'), limitMs: 20_000 },
      ).then((answer) => ({ ...answer, at: performance.now() })),
    );
    const started = performance.now();
    const held = async () => {
      const metrics = await (await fetch(`${tiny.url}/metrics`)).text();
      return Number(/^edgecap_body_bytes (\d+)/m.exec(metrics)![1]);
    };
    let most = 0;
    while (performance.now() - started < 2500) {
      most = Math.max(most, await held());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(most).toBeGreaterThan(1_000_000);
    expect(most).toBeLessThanOrEqual(limit);
    const answers = await Promise.all(slow);
    const full = answers.filter(({ text }) => text.includes('"code":"memory-full"'));
    expect(full.length).toBeGreaterThanOrEqual(12 - limit / 900_000);
    for (const { status, text, at } of full) {
      expect(status).toBe(503);
      expect(text.toLowerCase()).toContain("retry-after: ");
      expect(at - started).toBeLessThan(5000);
    }
    for (const { status } of answers) expect([408, 503]).toContain(status);
    const metrics = await (await fetch(`${tiny.url}/metrics`)).text();
    expect(metrics).toContain(`edgecap_problems_total{code="memory-full"} ${full.length}`);
    expect(metrics).toContain(`edgecap_body_limit_bytes ${limit}`);
    // All of it is given back.
    expect(await held()).toBe(0);
    expect((await tiny.post("", coffee)).status).toBe(200);
    expect(await held()).toBe(0);
  });

  test("count photos that are written in base64 twice, and give them back after a stream", async () => {
    await using tiny = await tinyServer({ maxBodyBytes: 400_000, bodyMemoryBytes: 400_000 });
    const image = Buffer.alloc(250_000).toString("base64");
    const full = await tiny.post("", JSON.stringify({ image }), { "content-type": "application/json" });
    expect([full.status, await problemCode(full)]).toEqual([503, "memory-full"]);
    for (let i = 0; i < 8; i++) {
      const headers = { "content-type": "image/jpeg", accept: "text/event-stream" };
      const response = await tiny.post(`?seed=${i}`, coffee, headers);
      expect(response.status).toBe(200);
      await response.text();
    }
  });
});
