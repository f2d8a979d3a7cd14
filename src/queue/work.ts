import type { BatchCaptioner } from "../batch/run_batch.ts";
import type { Caption } from "../caption/caption.ts";
import { EdgecapError, faultOf } from "../errors.ts";
import { type CaptionJob, type CaptionRequest, failureMessage, isCaptionRequest } from "./caption_queue.ts";
import { giveUpWhenAborted, type QueueConnection } from "./connect.ts";

/** Options of {@linkcode runQueueWorker}. */
export interface WorkOptions {
  readonly connection: QueueConnection;
  readonly captioner: BatchCaptioner;
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Called after each picture with the numbers of captioned pictures and of failed attempts. */
  readonly onDone?: (captioned: number, failed: number) => void;
  /** Ends the work: the worker finishes its current pictures, and takes no new ones. */
  readonly signal: AbortSignal;
}

/** A job goes to another worker when its worker has not reported for this long, in milliseconds. */
const lockDuration = 15_000;
const stalledInterval = 5000;
/** How many workers a job may crash before it is given up. */
const maxStalledCount = 2;

/**
 * Takes pictures from the queue and captions them until the signal is aborted.
 *
 * Every failure is reported to the queue, which lets another worker try again if that may help.
 */
export async function runQueueWorker({ connection, captioner, read, onDone, signal }: WorkOptions): Promise<void> {
  const { bullmq, redis, address } = connection;
  let captioned = 0;
  let failed = 0;
  const process = async ({ data }: CaptionJob): Promise<Caption> => {
    try {
      if (!isCaptionRequest(data)) throw new EdgecapError("data-invalid", "This job is not edgecap's.");
      const { path, options } = data;
      // Not the work's signal, because current pictures are finished.
      const result = await captioner.caption(await read(path), options, new AbortController().signal);
      onDone?.(++captioned, failed);
      return result;
    } catch (error) {
      onDone?.(captioned, ++failed);
      const code = error instanceof EdgecapError ? error.code : "internal";
      const message = failureMessage({ code, message: error instanceof Error ? error.message : String(error) });
      throw isLasting(code) ? new bullmq.UnrecoverableError(message) : new Error(message);
    }
  };
  const worker = new bullmq.Worker<CaptionRequest, Caption>(address.name, process, {
    connection: redis,
    concurrency: captioner.workers,
    lockDuration,
    stalledInterval,
    maxStalledCount,
  });
  // A lost connection is restored by itself; without a listener the error would end the process.
  worker.on("error", () => {});
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
  using connectionEnd = giveUpWhenAborted(connection, signal);
  // If the server is gone for good, the results of current pictures cannot be reported.
  await Promise.race([worker.close().catch(() => {}), connectionEnd.lost]);
}

/**
 * Whether another attempt would fail too. A file that cannot be read now may be readable later, or on another machine.
 */
function isLasting(code: EdgecapError["code"] | "internal"): boolean {
  return faultOf(code) === "caller" || (faultOf(code) === "picture" && code !== "file-unreadable");
}
