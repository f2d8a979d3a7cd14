/**
 * Measures what a server needs: time to readiness, memory with one, two and four workers at rest, after captions and
 * after a picture of 48 megapixels in every worker, and processor time per caption. docs/operate.md has the table.
 *
 * usage: bun scripts/bench/server_footprint.ts [--executable dist/edgecap] [--captions 60]
 *
 * Other work on the machine hardly changes processor time, unlike captions per second, and does not change memory.
 * Linux only: it reads /proc.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deflateSync } from "node:zlib";
import { describeProcessor } from "../../src/platform/processor.ts";
import { photos } from "./server/load.ts";
import { readyWorkers } from "./server/start_server.ts";

const { values } = parseArgs({
  options: { executable: { type: "string" }, captions: { type: "string", default: "60" } },
});
const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const command = values.executable === undefined ? [process.execPath, main] : [values.executable];
const captions = Number(values.captions);

/** Ticks per second of the times in /proc/PID/stat: 100 on every Linux. */
const ticks = 100;

interface Usage {
  readonly mebibytes: number;
  readonly peak: number;
  readonly cpuSeconds: number;
}

function usage(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return {
    mebibytes: kibibytes("VmRSS") / 1024,
    peak: kibibytes("VmHWM") / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticks,
  };
}

/** A PNG of one colour: the smallest file for so many pixels. */
function flatPng(width: number, height: number): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(Bun.hash.crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = deflateSync(Buffer.alloc((3 * width + 1) * height), { level: 1 });
  return new Uint8Array(
    Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]),
  );
}

/** Requests this many captions over this many connections. */
async function caption(url: string, count: number, connections: number, picture?: Uint8Array<ArrayBuffer>) {
  let turn = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (turn < count) {
        const seed = turn++;
        // The seed does not change the answer, but keeps equal pictures from sharing one inference.
        const response = await fetch(`${url}/v1/captions?seed=${seed}`, {
          method: "POST",
          body: picture ?? photos[seed % photos.length]!,
          headers: { "content-type": "image/jpeg", "cache-control": "no-store" },
        });
        if (response.status !== 200) throw new Error(`Answered ${response.status}: ${await response.text()}`);
        await response.arrayBuffer();
      }
    }),
  );
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGTERM");
  await gone;
}

const large = new Uint8Array(await new Bun.Image(flatPng(8000, 6000)).jpeg().bytes());
console.log(
  `${describeProcessor()}, load average ${loadavg()[0]!.toFixed(1)}; ${captions} captions with the default beams; "large" is 48 megapixels, JPEG.\n`,
);
console.log("| workers | MiB at rest | after captions | after large pictures | peak | ready, s | CPU s per caption |");
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const workers of [1, 2, 4]) {
  const started = performance.now();
  const child = spawn(command[0]!, [...command.slice(1), "serve", "--port", "0", "--workers", String(workers)], {
    env: { ...process.env, EDGECAP_BACKEND: "wasm" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const url = String((await lines.next()).value).replace("Listening on ", "");
    while ((await readyWorkers(url)) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const ready = (performance.now() - started) / 1000;
    while ((await readyWorkers(url)) < workers) await new Promise((resolve) => setTimeout(resolve, 50));
    const rest = usage(child.pid!);
    await caption(url, captions, 2 * workers);
    const busy = usage(child.pid!);
    await caption(url, 2 * workers, workers, large);
    const after = usage(child.pid!);
    const memory = [rest.mebibytes, busy.mebibytes, after.mebibytes, after.peak];
    const cpu = (busy.cpuSeconds - rest.cpuSeconds) / captions;
    console.log(`| ${workers} | ${memory.map(Math.round).join(" | ")} | ${ready.toFixed(1)} | ${cpu.toFixed(2)} |`);
  } finally {
    await ended(child);
  }
}
