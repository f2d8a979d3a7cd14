import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ResultsFile } from "../batch/results_file.ts";
import type { BatchCounts } from "../batch/run_batch.ts";
import type { CaptionSettings } from "../caption/options.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { type CaptionJob, isCaptionRequest, jobIdOf, openDeadLetters, openQueue, resultOf } from "./caption_queue.ts";
import { claimQueue } from "./claim.ts";
import { giveUpWhenAborted, type QueueConnection } from "./connect.ts";

/** Options of {@linkcode distribute}. */
export interface DistributeOptions {
  readonly connection: QueueConnection;
  readonly images: AsyncIterable<string>;
  readonly results: ResultsFile;
  /** Path of the file of results; the queue is bound to it while it contains pictures. */
  readonly out: string;
  readonly options?: CaptionSettings;
  /** Called whenever results arrive. */
  readonly onDone?: (counts: BatchCounts) => void;
  readonly signal?: AbortSignal;
}

/** Most pictures in the queue at a time, so that Redis needs little memory for a batch of any size. */
const mostInQueue = 2000;
/** Interval between polls for results, in milliseconds. */
const pollMs = 100;
/** Results to fetch at a time. */
const page = 500;
/** Check on a picture after this long without news, in milliseconds. */
const missingMs = 10_000;

/**
 * Lets the workers of a queue caption pictures, and writes one result per picture.
 *
 * A result leaves the queue once it is written. After a stop at any moment, the same call continues: pictures that are
 * still in the queue are not added again, and results that were written but not yet removed are removed. Pictures that
 * failed for good get a line that says why, and become dead letters.
 *
 * @throws {EdgecapError} `queue-busy` if another batch has the queue, `aborted`, `file-unwritable`, and what
 *   `images` throws.
 */
export async function distribute(batch: DistributeOptions): Promise<BatchCounts> {
  const { connection, images, results, options = {}, signal } = batch;
  const queue = openQueue(connection);
  const deadLetters = openDeadLetters(connection);
  for (const opened of [queue, deadLetters]) opened.on("error", () => {});
  const counts = { captioned: 0, failed: 0, skipped: 0, leftOut: 0, failures: {} as Record<string, number> };
  /** Pictures that are in the queue or about to be added, by job, with the time of the last news of each. */
  const inQueue = new Map<string, { readonly image: string; heard: number }>();

  const collect = async (): Promise<boolean> => {
    const ended = (await queue.getJobs(["completed", "failed"], 0, page - 1)) as (CaptionJob | undefined)[];
    let any = false;
    for (const job of ended) {
      // Another call may have removed it in the meantime.
      if (job?.data === undefined) continue;
      any = true;
      if (!isCaptionRequest(job.data)) {
        await setAside(job);
        continue;
      }
      const { image } = job.data;
      const result = resultOf(job);
      const failure = "caption" in result ? undefined : result;
      // A result that was written before an earlier stop is only removed.
      const isNew = inQueue.has(job.id!) || results.done.add(image);
      if (isNew) {
        await results.write(image, result);
        if (failure === undefined) {
          counts.captioned++;
          if (job.returnvalue.reason !== undefined) counts.leftOut++;
        } else {
          counts.failed++;
          counts.failures[failure.code] = (counts.failures[failure.code] ?? 0) + 1;
        }
      }
      if (failure !== undefined) {
        await deadLetters.add("dead", { image, error: failure, at: job.finishedOn ?? Date.now() }, { jobId: job.id! });
      }
      await job.remove();
      inQueue.delete(job.id!);
    }
    if (any) batch.onDone?.(counts);
    return any;
  };

  /** A foreign job becomes a dead letter; left in place, it would block the queue forever. */
  const setAside = async (job: CaptionJob): Promise<void> => {
    const text = JSON.stringify(job.data) ?? "nothing";
    const message = `This job is not edgecap's: it contains ${text.slice(0, 1000)}.`;
    const letter = {
      image: `job ${job.id}`,
      error: { code: "data-invalid", message },
      at: job.finishedOn ?? Date.now(),
    };
    await deadLetters.add("dead", letter);
    await job.remove();
  };

  const add = async (entries: readonly { readonly id: string; readonly image: string }[]): Promise<void> => {
    // The result of an earlier run may just have arrived.
    const wanted = entries.filter(({ id }) => inQueue.has(id));
    await queue.addBulk(
      wanted.map(({ id, image }) => ({
        name: "caption",
        data: { image, path: resolve(image), options },
        opts: { jobId: id },
      })),
    );
  };

  /** Adds pictures again that the server has lost. */
  const findMissing = async (): Promise<void> => {
    const old = [...inQueue].filter(([, { heard }]) => performance.now() - heard > missingMs);
    for (const [id, entry] of old.slice(0, page)) {
      entry.heard = performance.now();
      if ((await queue.getJob(id)) === undefined) await add([{ id, image: entry.image }]);
    }
  };

  const settle = async (): Promise<void> => {
    throwIfAborted(signal);
    if (await collect()) return;
    await findMissing();
    await wait(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => throwIfAborted(signal));
  };

  const work = async (): Promise<BatchCounts> => {
    await using _ = await claimQueue(connection, queue, batch.out, signal);
    let next: { id: string; image: string }[] = [];
    for await (const image of images) {
      throwIfAborted(signal);
      if (!results.done.add(image)) {
        counts.skipped++;
        continue;
      }
      const id = jobIdOf(image);
      next.push({ id, image });
      inQueue.set(id, { image, heard: performance.now() });
      if (next.length < 100) continue;
      await add(next);
      next = [];
      while (inQueue.size > mostInQueue - 100) await settle();
    }
    if (next.length > 0) await add(next);
    while (inQueue.size > 0) await settle();
    // Results that an earlier run wrote but did not remove.
    while (await collect());
    return counts;
  };
  using connectionEnd = giveUpWhenAborted(connection, signal ?? new AbortController().signal);
  const close = () => Promise.all([queue.close(), deadLetters.close()]).then(() => {});
  const lost = connectionEnd.lost.then(() => undefined);
  try {
    const done = await Promise.race([work(), lost]);
    if (done !== undefined) return done;
    throwIfAborted(signal);
    throw new EdgecapError(
      "queue-unavailable",
      `The Redis server at ${connection.address.shown} is gone: start it, and run the batch again.`,
    );
  } catch (error) {
    // If its server is gone, an interrupted batch ends with connection errors.
    throwIfAborted(signal);
    throw error;
  } finally {
    await Promise.race([close().catch(() => {}), lost]);
  }
}
