import { connect } from "node:net";
import type { Row } from "../bench_server.ts";
import { ask, photos } from "./load.ts";
import { readyWorkers, startServer } from "./start_server.ts";

const connections = 16;
const bodyLimit = 2 ** 20;
const workers = 2;

type Bundle = ReadonlyMap<string, Uint8Array> | undefined;

/**
 * A broken request: what to send, and the right status for it; `undefined` if the client cuts the connection.
 */
type Broken = (url: string, turn: number) => Promise<number | undefined>;

const image = { "content-type": "image/jpeg" };
const post = async (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) => {
  const response = await fetch(`${url}/v1/captions`, { method: "POST", body, headers });
  await response.arrayBuffer();
  return response.status;
};

const broken: readonly { readonly right: number | undefined; readonly send: Broken }[] = [
  { right: 422, send: (url, turn) => post(url, truncated(turn), image) },
  { right: 413, send: (url) => post(url, bomb(), { "content-type": "image/png" }) },
  { right: 415, send: (url, turn) => post(url, `no picture ${turn}`, image) },
  { right: 415, send: (url) => post(url, photos[0]!, { "content-type": "text/html" }) },
  { right: 400, send: (url) => post(url, '{"image": ', { "content-type": "application/json" }) },
  { right: 413, send: (url) => post(url, new Uint8Array(bodyLimit + 1), image) },
  { right: undefined, send: cutConnection },
];

/** Many requests, a fifth of them broken: every good one gets its caption, every broken one its status. */
export async function benchMixed(bundle: Bundle, expected: readonly string[], requests: number): Promise<Row[]> {
  using server = await startServer({
    workers,
    tiny: bundle !== undefined,
    queueSize: 1000,
    deadlineMs: 600_000,
    maxBodyBytes: bodyLimit,
  });
  const count = { good: 0, wrongCaption: 0, bad: 0, wrongStatus: 0 };
  let turn = 0;
  let early: Promise<number> | undefined;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (turn < requests) {
        const mine = turn++;
        if (mine === 500) early = server.memory();
        if (mine % 5 === 4) {
          const { right, send } = broken[Math.floor(mine / 5) % broken.length]!;
          count.bad++;
          if ((await send(server.url, mine)) !== right) count.wrongStatus++;
        } else {
          const response = await ask(server.url, photos[mine % photos.length]!, mine);
          const { caption } = (await response.json()) as { caption?: string };
          count.good++;
          if (caption !== expected[mine % photos.length]) count.wrongCaption++;
        }
      }
    }),
  );
  const rows: Row[] = [
    { what: "mixed: good requests", value: count.good, unit: "" },
    { what: "mixed: good requests without their caption", value: count.wrongCaption, unit: "", aim: "0" },
    { what: "mixed: broken requests", value: count.bad, unit: "" },
    { what: "mixed: broken requests with a wrong status", value: count.wrongStatus, unit: "", aim: "0" },
    { what: "mixed: workers lost", value: await restarts(server.url), unit: "", aim: "0" },
    { what: "mixed: workers at the end", value: await readyWorkers(server.url), unit: "", aim: String(workers) },
  ];
  if (early === undefined) return rows;
  const before = await early;
  const after = await server.memory();
  return [
    ...rows,
    { what: "mixed: memory after the first 500", value: before / 2 ** 20, unit: "MiB" },
    { what: "mixed: memory at the end over that", value: after / before, unit: "times", aim: "1.1 or less" },
  ];
}

/** Kills workers' threads while requests run: no request may be lost. */
export async function benchKill(bundle: Bundle, expected: readonly string[]): Promise<Row[]> {
  using server = await startServer({ workers, tiny: bundle !== undefined, queueSize: 1000, deadlineMs: 600_000 });
  const requests = 120;
  const kills = [20, 60];
  let turn = 0;
  let lost = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (turn < requests) {
        const mine = turn++;
        if (kills.includes(mine)) server.kill();
        const response = await ask(server.url, photos[mine % photos.length]!, mine);
        const { caption } = (await response.json()) as { caption?: string };
        if (caption !== expected[mine % photos.length]) lost++;
      }
    }),
  );
  return [
    { what: `kill: threads killed during ${requests} requests`, value: kills.length, unit: "" },
    { what: "kill: workers replaced", value: await restarts(server.url), unit: "", aim: String(kills.length) },
    { what: "kill: good requests lost", value: lost, unit: "", aim: "0" },
  ];
}

async function restarts(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.matchAll(/^edgecap_worker_restarts_total\{.*\} (\d+)$/gm);
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

function truncated(turn: number): Uint8Array<ArrayBuffer> {
  const photo = photos[turn % photos.length]!;
  return photo.slice(0, Math.floor(photo.length * 0.6));
}

/** The head of a PNG of 60,000 x 60,000 pixels. */
function bomb(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1000);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 60_000);
  view.setUint32(20, 60_000);
  bytes.set([8, 2, 0, 0, 0], 24);
  view.setUint32(29, Bun.hash.crc32(bytes.subarray(12, 29)));
  bytes.set([0, 0, 3, 0xb7, 0x49, 0x44, 0x41, 0x54], 33);
  return bytes;
}

function cutConnection(url: string, turn: number): Promise<undefined> {
  const photo = photos[turn % photos.length]!;
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const socket = connect(Number(port), hostname, () => {
    const head = `POST /v1/captions HTTP/1.1\r\nhost: localhost\r\ncontent-type: image/jpeg\r\ncontent-length: ${photo.length}\r\n\r\n`;
    socket.write(head);
    socket.write(photo.subarray(0, 5000), () => socket.destroy());
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve(undefined));
  return promise;
}
