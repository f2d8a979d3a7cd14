import { EdgecapError } from "../errors.ts";

/** A pool that has no place or no time for a job now, and when to come again. */
export class PoolBusyError extends EdgecapError {
  /** Seconds after which the job may be given again, from 1. */
  readonly retryAfterSeconds: number;

  /**
   * @param what Why not now, as the beginning of a sentence.
   * @param retryAfterSeconds When to come again, in whole seconds from 1.
   */
  constructor(code: "queue-full" | "deadline-exceeded" | "draining", what: string, retryAfterSeconds: number) {
    super(code, `${what}: try again in ${retryAfterSeconds} s.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
