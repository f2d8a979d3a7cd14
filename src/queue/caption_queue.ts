import { createHash } from "node:crypto";
import type { Job, Queue } from "bullmq";
import type { Failure } from "../batch/results_file.ts";
import type { CaptionOptions } from "../caption_options.ts";
import type { Caption } from "../captioner.ts";
import type { QueueConnection } from "./connect.ts";

/** What a job asks for. The picture itself stays where it is: every machine must see it under the same path. */
export interface CaptionRequest {
  /** The picture as the user named it. */
  readonly image: string;
  /** Its whole path. */
  readonly path: string;
  readonly options: Pick<CaptionOptions, "beams" | "minConfidence">;
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
export const attempts = 3;

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

/** The failure that a job ended with. */
export function failureOf(job: CaptionJob): Failure {
  const reason = job.failedReason ?? "";
  try {
    const { code, message } = JSON.parse(reason) as Partial<Failure>;
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // BullMQ's own words, where a job was lost by worker after worker.
  }
  return { code: "internal", message: reason };
}
