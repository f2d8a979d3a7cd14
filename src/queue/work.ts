import type { BatchCaptioner } from "../batch/run_batch.ts";
import type { Caption } from "../caption/caption.ts";
import { EdgecapError, faultOf } from "../errors.ts";
import { type CaptionJob, type CaptionRequest, failureMessage, isCaptionRequest } from "./caption_queue.ts";
import { giveUpWhenAborted, type QueueConnection } from "./connect.ts";

/** What {@linkcode workOff} needs. */
export interface WorkOptions {
  readonly connection: QueueConnection;
  readonly captioner: BatchCaptioner;
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Called after each picture, with how many were captioned and how many failed or will be tried again. */
  readonly onDone?: (captioned: number, failed: number) => void;
  /** Ends the work: what is in hand is finished, and nothing new is taken. */
  readonly signal: AbortSignal;
}

/** A job whose worker does not report for so long is given to another, in milliseconds. */
const lockDuration = 15_000;
const stalledInterval = 5000;
/** Workers that a job may take down with them before it is given up. */
const maxStalledCount = 2;

/**
 * Takes pictures from the queue and captions them until the signal is aborted.
 *
 * Whatever goes wrong with a picture is told to the queue, which tries it again, elsewhere, where that may help.
 */
export async function workOff({ connection, captioner, read, onDone, signal }: WorkOptions): Promise<void> {
  const { bullmq, redis, address } = connection;
  let captioned = 0;
  let failed = 0;
  const process = async ({ data }: CaptionJob): Promise<Caption> => {
    try {
      if (!isCaptionRequest(data)) throw new EdgecapError("data-invalid", "This job is not edgecap's.");
      const { path, options } = data;
      // Not the work's signal: what is in hand is finished.
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
  // A connection that was lost comes back by itself; without a listener the error would end the process.
  worker.on("error", () => {});
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    signal.addEventListener("abort", () => done(), { once: true });
  });
  using connectionEnd = giveUpWhenAborted(connection, signal);
  // Where the server is gone for good, what is in hand has nobody to be told to.
  await Promise.race([worker.close().catch(() => {}), connectionEnd.lost]);
}

/** Whether another attempt would fail too. A file that cannot be read now may be readable later, or on another machine. */
function isLasting(code: EdgecapError["code"] | "internal"): boolean {
  return faultOf(code) === "caller" || (faultOf(code) === "picture" && code !== "file-unreadable");
}
