import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Queue } from "bullmq";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import type { QueueConnection } from "./connect.ts";

/** A claim expires when it is not renewed for this long, in milliseconds. */
const claimMs = 6000;

/** Removes or renews a claim if this process still holds it. */
const ifOwn = (command: string) => `if redis.call("get", KEYS[1]) == ARGV[1] then return ${command} else return 0 end`;

/**
 * Claims a queue for one batch: results of two batches would end up in each other's files. The claim of a process that
 * was killed is waited for until it expires.
 *
 * @param out Path of the batch's file of results. While pictures are in the queue, only a batch with that file
 *   may claim it.
 * @throws {EdgecapError} `queue-busy`, `aborted`.
 */
export async function claimQueue(
  { redis, address }: QueueConnection,
  queue: Queue,
  out: string,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable> {
  const [claim, binding] = ["claim", "results"].map((what) => `edgecap:${address.name}:${what}`) as [string, string];
  const mine = randomUUID();
  const file = `${hostname()}:${resolve(out)}`;
  const busy = (why: string) =>
    new EdgecapError(
      "queue-busy",
      `The queue "${address.name}" at ${address.shown} ${why}. Or use another queue: ${address.shown}?name=another.`,
    );
  const deadline = performance.now() + 2 * claimMs;
  while ((await redis.set(claim, mine, "PX", claimMs, "NX")) === null) {
    if (performance.now() > deadline) throw busy("is in use by another batch: wait until that has ended");
    throwIfAborted(signal);
    await wait(200);
  }
  const renewal = setInterval(() => {
    redis.eval(ifOwn(`redis.call("pexpire", KEYS[1], ${claimMs})`), 1, claim, mine).catch(() => {});
  }, claimMs / 3);
  const release = async () => {
    clearInterval(renewal);
    await redis.eval(ifOwn(`redis.call("del", KEYS[1])`), 1, claim, mine);
  };
  const bound = await redis.get(binding);
  if (bound !== null && bound !== file && (await jobsIn(queue)) > 0) {
    await release();
    throw busy(
      `holds pictures of the batch that writes ${bound}: finish that first, on its machine, with --out and that file`,
    );
  }
  await redis.set(binding, file);
  return {
    [Symbol.asyncDispose]: async () => {
      if ((await jobsIn(queue)) === 0) await redis.del(binding);
      await release();
    },
  };
}

async function jobsIn(queue: Queue): Promise<number> {
  const counts = await queue.getJobCounts();
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
