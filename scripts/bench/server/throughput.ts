import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Row } from "../bench_server.ts";
import { ask, photos, quantile, under } from "./load.ts";
import { startServer } from "./start_server.ts";

const rounds = 3;

/** Captions per second of the library alone, with one worker and with two, in turns; then the latencies with two. */
export async function benchThroughput(seconds: number): Promise<Row[]> {
  const bare = startBare();
  await bare.next();
  using one = await startServer({ workers: 1, queueSize: 1000, deadlineMs: 600_000 });
  using two = await startServer({ workers: 2, queueSize: 1000, deadlineMs: 600_000 });
  let seed = 0;
  const caption = (url: string) => async (turn: number) => {
    const response = await ask(url, photos[turn % photos.length]!, seed++);
    if (response.status !== 200) throw new Error(`A good request got the status ${response.status}.`);
    await response.arrayBuffer();
  };
  const rates: Record<"bare" | "one" | "two", number[]> = { bare: [], one: [], two: [] };
  const each = seconds / rounds;
  for (const { url } of [one, two]) await under(4, 2, caption(url));
  for (let round = 0; round < rounds; round++) {
    rates.bare.push(await bare.run(each));
    rates.one.push((await under(2, each, caption(one.url))).perSecond);
    rates.two.push((await under(4, each, caption(two.url))).perSecond);
  }
  bare.end();
  const ratio = (a: "bare" | "one" | "two", b: "bare" | "one" | "two") =>
    quantile(
      rates[a].map((rate, i) => rate / rates[b][i]!),
      0.5,
    );
  const rows: Row[] = [
    { what: "captions a second, library alone, 1 thread", value: quantile(rates.bare, 0.5), unit: "/s" },
    { what: "captions a second, 1 worker", value: quantile(rates.one, 0.5), unit: "/s" },
    { what: "captions a second, 2 workers", value: quantile(rates.two, 0.5), unit: "/s" },
    { what: "1 worker over the library alone", value: ratio("one", "bare"), unit: "times", aim: "0.9 or more" },
    { what: "2 workers over 1", value: ratio("two", "one"), unit: "times", aim: "1.7 or more" },
  ];
  for (const connections of [1, 4, 16]) {
    const { times } = await under(connections, seconds, caption(two.url));
    for (const share of [0.5, 0.95, 0.99])
      rows.push({
        what: `latency, 2 workers, ${connections} connections, p${share * 100}`,
        value: quantile(times, share),
        unit: "ms",
      });
  }
  const health: number[] = [];
  let saturated = true;
  const watch = (async () => {
    while (saturated) {
      const started = performance.now();
      await (await fetch(`${two.url}/healthz`)).arrayBuffer();
      health.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  await under(16, seconds, caption(two.url));
  saturated = false;
  await watch;
  rows.push(
    { what: "/healthz while saturated, p50", value: quantile(health, 0.5), unit: "ms" },
    { what: "/healthz while saturated, p99", value: quantile(health, 0.99), unit: "ms", aim: "below 25" },
  );
  return rows;
}

function startBare() {
  const script = fileURLToPath(new URL("./bare_process.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => (await lines.next()).value as string,
    async run(seconds: number): Promise<number> {
      child.stdin.write(`go ${seconds}\n`);
      return Number((await lines.next()).value);
    },
    end: () => void child.stdin.end(),
  };
}
