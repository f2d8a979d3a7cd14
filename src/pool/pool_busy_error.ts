import { EdgecapError } from "../errors.ts";

/** The error of a pool that has no place or no time for a job now. It says when to try again. */
export class PoolBusyError extends EdgecapError {
  /** Seconds after which to try again, from 1. */
  readonly retryAfterSeconds: number;

  /**
   * @param what The reason, as the beginning of a sentence.
   * @param retryAfterSeconds When to try again, in whole seconds from 1.
   */
  constructor(code: "queue-full" | "deadline-exceeded" | "draining", what: string, retryAfterSeconds: number) {
    super(code, `${what}: try again in ${retryAfterSeconds} s.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
