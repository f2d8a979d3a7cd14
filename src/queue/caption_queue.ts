import { createHash } from "node:crypto";
import type { Job, Queue } from "bullmq";
import type { Failure } from "../batch/results_file.ts";
import type { Caption } from "../caption/caption.ts";
import type { CaptionSettings } from "../caption/options.ts";
import type { QueueConnection } from "./connect.ts";

/** The request of a job. The picture itself is not sent: every machine must see it under the same path. */
export interface CaptionRequest {
  /** The picture as the user named it. */
  readonly image: string;
  /** Its absolute path. */
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

/** Attempts per picture, if the failure may be temporary. */
const attempts = 3;

/** Wait before the second attempt, doubled each time, in milliseconds. */
const retryMs = 1000;

/** Opens the queue of jobs. */
export function openQueue({ bullmq, redis, address }: QueueConnection): Queue<CaptionRequest, Caption> {
  return new bullmq.Queue(address.name, {
    connection: redis,
    defaultJobOptions: { attempts, backoff: { type: "exponential", delay: retryMs } },
  });
}

/** Opens the list of pictures that failed for good: a queue without a worker. */
export function openDeadLetters({ bullmq, redis, address }: QueueConnection): Queue<DeadLetter> {
  return new bullmq.Queue(`${address.name}-dead-letters`, { connection: redis });
}

/** The same picture always has the same job. */
export function jobIdOf(image: string): string {
  return createHash("sha256").update(image).digest("hex").slice(0, 32);
}

/** A failure as stored in the message of a job's error. */
export function failureMessage(failure: Failure): string {
  return JSON.stringify(failure);
}

/**
 * Whether a job is edgecap's. Anybody who can reach the Redis server can put other jobs into the queue.
 *
 * @param data The job's data, which may be anything.
 */
export function isCaptionRequest(data: unknown): data is CaptionRequest {
  const { image, path, options } = (data ?? {}) as Partial<Record<keyof CaptionRequest, unknown>>;
  return typeof image === "string" && typeof path === "string" && typeof options === "object" && options !== null;
}

/** The result of a job: its caption or its failure. */
export function resultOf(job: CaptionJob): Caption | Failure {
  const result = job.returnvalue as Partial<Caption> | null | undefined;
  if (result === null || result === undefined) return failureOf(job);
  if (typeof result.caption === "string" && Array.isArray(result.words) && Array.isArray(result.alternatives)) {
    return result as Caption;
  }
  return { code: "internal", message: "The answer came from a worker that is not edgecap's." };
}

function failureOf(job: CaptionJob): Failure {
  const reason = job.failedReason ?? "";
  try {
    const { code, message } = JSON.parse(reason) as Partial<Failure>;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // BullMQ's own message, if several workers in a row lost the job.
  }
  return { code: "internal", message: reason };
}
