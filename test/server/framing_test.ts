import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rawExchange } from "./raw_http.ts";
import { type TinyServer, tinyServer } from "./tiny_server.ts";

let site: TinyServer;

beforeAll(async () => {
  site = await tinyServer();
});

afterAll(() => site[Symbol.asyncDispose]());

const host = "Host: localhost\r\n";
const next = `GET /healthz HTTP/1.1\r\n${host}\r\n`;
const post = (headers: string, body: string) =>
  `POST /v1/captions HTTP/1.1\r\n${host}Content-Type: image/jpeg\r\n${headers}\r\n${body}`;

const statusesOf = (text: string) => [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map((found) => Number(found[1]));

/** Bun answers only the first of several requests that come at once, or none of them. */
const answersAll = !("Bun" in globalThis);
const patienceMs = answersAll ? 20_000 : 300;

/** The answer to some bytes. Afterwards, the server must still answer a good request. */
async function exchange(bytes: string, limitMs = 20_000) {
  const { text, closedAfter } = await rawExchange(site.url, bytes, { limitMs });
  expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
  return { statuses: statusesOf(text), isClosed: closedAfter !== undefined };
}

describe("requests whose length two parsers could read differently", () => {
  const chunked = "Transfer-Encoding: chunked\r\n";
  const bodies: readonly (readonly [headers: string, body: string])[] = [
    ...[`${chunked}Content-Length: 4\r\n`, `Content-Length: 4\r\n${chunked}`].map(
      (both) => [both, "0\r\n\r\n"] as const,
    ),
    ["Content-Length: 5\r\nContent-Length: 6\r\n", "123456"],
    ...["5, 5", "5, 6", "+5", "-5", "0x5", "5 5", "5.0", "1e1", "", "\v5", "9".repeat(23), "18446744073709551621"].map(
      (length) => [`Content-Length: ${length}\r\n`, "12345"] as const,
    ),
    ...["xchunked", "chunked, identity", "chunked, chunked, x", "identity, x", "\vchunked", '"chunked"'].map(
      (coding) => [`Transfer-Encoding: ${coding}\r\n`, "0\r\n\r\n"] as const,
    ),
    ["Transfer-Encoding : chunked\r\n", "0\r\n\r\n"],
    ["Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"],
    [`${chunked}Transfer-Encoding: identity\r\n`, "0\r\n\r\n"],
    ...["-1", "+1", "0x1", "1 1", "1g", "", "10000000000000001", "fffffffffffffffff"].map(
      (size) => [chunked, `${size}\r\nx\r\n0\r\n\r\n`] as const,
    ),
    [chunked, "1\r\nxy\r\n0\r\n\r\n"],
    [chunked, "1\nx\n0\n\n"],
    ["Content-Length: 5\r\nX: a\0b\r\n", "12345"],
    ["Content-Length: 5\r\nwithout a colon\r\n", "12345"],
    ["Content-Length: 5\r\n: without a name\r\n", "12345"],
  ];

  test("are refused, and nothing behind them is read", async () => {
    for (const [headers, body] of bodies) {
      const { statuses, isClosed } = await exchange(post(headers, body + next));
      expect([headers, body, statuses, isClosed]).toEqual([headers, body, [400], true]);
    }
  });

  test("end where their length says, whatever their method", async () => {
    const hidden = `${next.length.toString(16)}\r\n${next}\r\n0\r\n\r\n`;
    for (const method of ["GET", "OPTIONS", "DELETE", "POST"])
      for (const [headers, body] of [
        [`Content-Length: ${next.length}\r\n`, next],
        [chunked, hidden],
      ]) {
        const first = `${method} /healthz HTTP/1.1\r\n${host}${headers}\r\n${body}`;
        const last = `GET /nothing HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
        const { text } = await rawExchange(site.url, first + last, {
          until: (now) => statusesOf(now).length >= 2,
          limitMs: patienceMs,
        });
        const [, ...behind] = statusesOf(text);
        expect([method, behind]).toEqual([method, answersAll ? [404] : behind.map(() => 404)]);
      }
  });
});

describe("requests that are sent before the answer to the last one", () => {
  test("are answered in their order", async () => {
    const targets = ["/healthz", "/nothing", "/v1/models", "/readyz"];
    const wanted: number[] = [];
    for (const target of targets) wanted.push((await fetch(site.url + target)).status);
    const sent = targets.map((target) => `GET ${target} HTTP/1.1\r\n${host}\r\n`).join("");
    const { text } = await rawExchange(site.url, sent.repeat(50), {
      until: (now) => statusesOf(now).length >= 200,
      limitMs: patienceMs,
    });
    const expected = Array.from({ length: 50 }, () => wanted).flat();
    expect(answered(text, expected)).toEqual(expected);
  });

  test("get no answer that was meant for a picture", async () => {
    const bad = post("Content-Length: 5\r\n", "12345");
    const { text } = await rawExchange(site.url, (bad + next).repeat(5), {
      until: (now) => statusesOf(now).length >= 10,
      limitMs: patienceMs,
    });
    const expected = [415, 200, 415, 200, 415, 200, 415, 200, 415, 200];
    expect(answered(text, expected)).toEqual(expected);
  });
});

/** The statuses, and those that Bun did not answer as expected. */
function answered(text: string, expected: readonly number[]): number[] {
  const statuses = statusesOf(text);
  return answersAll ? statuses : [...statuses, ...expected.slice(statuses.length)];
}

test("requests with hundreds of headers are refused before anything is done for them", async () => {
  for (const count of [300, 1500]) {
    const lines = Array.from({ length: count }, (_, i) => `X-${i}: y\r\n`).join("");
    const { statuses, isClosed } = await exchange(`GET /healthz HTTP/1.1\r\n${host}${lines}\r\n`);
    expect([count, statuses, isClosed]).toEqual([count, [431], true]);
  }
  const lines = Array.from({ length: 90 }, (_, i) => `X-${i}: y\r\n`).join("");
  const few = await rawExchange(site.url, `GET /healthz HTTP/1.1\r\n${host}${lines}Connection: close\r\n\r\n`);
  expect(few.status).toBe(200);
});
