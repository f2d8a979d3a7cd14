import type { Caption, CaptionWord } from "../caption/caption.ts";
import type { JobOptions } from "./messages.ts";

/** A photo to caption. */
export interface JobRequest {
  readonly image: Uint8Array;
  readonly options: JobOptions;
  /** Called with each word as soon as it is decided. */
  readonly onWord?: ((word: CaptionWord) => void) | undefined;
  /** Gives up the place in the queue, or the started work. */
  readonly signal: AbortSignal;
}

/** A picture that waits in the queue, or that a worker is captioning. */
export class Job {
  readonly id: number;
  readonly request: JobRequest;
  /** When it entered the queue and when its deadline is, on the clock of `performance.now()`. */
  readonly queued: number;
  readonly deadline: number;
  readonly result: Promise<Caption>;
  /** Number of workers that have begun it. */
  attempts = 0;
  settled = false;
  readonly #resolve: (caption: Caption) => void;
  readonly #reject: (error: unknown) => void;
  #stopWatching = () => {};
  #reported = 0;
  #received = 0;

  constructor(id: number, request: JobRequest, deadlineMs: number) {
    const { promise, resolve, reject } = Promise.withResolvers<Caption>();
    this.id = id;
    this.request = request;
    this.queued = performance.now();
    this.deadline = this.queued + deadlineMs;
    this.result = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Runs `action` when the signal is aborted or the deadline passes, unless the job is settled by then. */
  watch(onAbort: () => void, onLate: () => void): void {
    const { signal } = this.request;
    const timer = setTimeout(onLate, this.deadline - this.queued);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopWatching = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  }

  /** Another worker begins again, and repeats words that have been reported already. */
  begin(): void {
    this.attempts++;
    this.#received = 0;
  }

  tell(word: CaptionWord): void {
    if (++this.#received <= this.#reported) return;
    this.#reported = this.#received;
    this.request.onWord?.(word);
  }

  resolve(caption: Caption): void {
    this.#settle(() => this.#resolve(caption));
  }

  reject(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #settle(how: () => void): void {
    if (this.settled) return;
    this.settled = true;
    this.#stopWatching();
    how();
  }
}
