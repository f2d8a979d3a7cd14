import { createHash } from "node:crypto";
import type { Job, Queue } from "bullmq";
import type { Failure } from "../batch/results_file.ts";
import type { Caption } from "../caption/caption.ts";
import type { CaptionSettings } from "../caption/options.ts";
import type { QueueConnection } from "./connect.ts";

/** What a job asks for. The picture itself stays where it is: every machine must see it under the same path. */
export interface CaptionRequest {
  /** The picture as the user named it. */
  readonly image: string;
  /** Its whole path. */
  readonly path: string;
  readonly options: CaptionSettings;
}

/** A picture that failed for good. */
export interface DeadLetter {
  readonly image: string;
  readonly error: Failure;
  /** When, in milliseconds since 1970. */
  readonly at: number;
}

/** A picture's job. */
export type CaptionJob = Job<CaptionRequest, Caption>;

/** Times that a picture is tried, where what went wrong may pass. */
const attempts = 3;

/** First wait before it is tried again, doubled each time, in milliseconds. */
const retryMs = 1000;

/** Opens the queue of jobs. */
export function openQueue({ bullmq, redis, address }: QueueConnection): Queue<CaptionRequest, Caption> {
  return new bullmq.Queue(address.name, {
    connection: redis,
    defaultJobOptions: { attempts, backoff: { type: "exponential", delay: retryMs } },
  });
}

/** Opens the list of pictures that failed for good: a queue that nobody works off. */
export function openDeadLetters({ bullmq, redis, address }: QueueConnection): Queue<DeadLetter> {
  return new bullmq.Queue(`${address.name}-dead-letters`, { connection: redis });
}

/** The same picture has the same job, however often it is asked for. */
export function jobIdOf(image: string): string {
  return createHash("sha256").update(image).digest("hex").slice(0, 32);
}

/** A failure as a job carries it, in the message of its error. */
export function failureMessage(failure: Failure): string {
  return JSON.stringify(failure);
}

/**
 * Whether a job is edgecap's. Anybody who reaches the server can put others into the queue.
 *
 * @param data What the job holds, which may be anything.
 */
export function isCaptionRequest(data: unknown): data is CaptionRequest {
  const { image, path, options } = (data ?? {}) as Partial<Record<keyof CaptionRequest, unknown>>;
  return typeof image === "string" && typeof path === "string" && typeof options === "object" && options !== null;
}

/** What a job ended with: its caption, or why it has none. */
export function resultOf(job: CaptionJob): Caption | Failure {
  const result = job.returnvalue as Partial<Caption> | null | undefined;
  if (result === null || result === undefined) return failureOf(job);
  if (typeof result.caption === "string" && Array.isArray(result.words) && Array.isArray(result.alternatives)) {
    return result as Caption;
  }
  return { code: "internal", message: "A worker that is not edgecap's has answered." };
}

function failureOf(job: CaptionJob): Failure {
  const reason = job.failedReason ?? "";
  try {
    const { code, message } = JSON.parse(reason) as Partial<Failure>;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // BullMQ's own words, where a job was lost by worker after worker.
  }
  return { code: "internal", message: reason };
}
