/** Shortest time between two writes, in milliseconds. */
const shortestMs = 200;
/** The time between two writes is so many times what the last one took: writing takes 5 % of the time at most. */
const share = 20;

/**
 * Puts off a write whose cost grows with what has come together: a write for each of n changes would take time that grows with the
 * square of n. What is pending when the process is killed is lost.
 */
export class DelayedWrite {
  readonly #write: () => Promise<void>;
  #pending = false;
  /** When the next write may begin. */
  #next = 0;

  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** Something has changed: writes it if the last write is long enough ago. */
  async changed(): Promise<void> {
    this.#pending = true;
    if (performance.now() >= this.#next) await this.flush();
  }

  /** Milliseconds until what is pending may be written; `undefined` where nothing is pending. */
  get dueMs(): number | undefined {
    return this.#pending ? Math.max(0, this.#next - performance.now()) : undefined;
  }

  /** Writes what is pending. */
  async flush(): Promise<void> {
    if (!this.#pending) return;
    const started = performance.now();
    await this.#write();
    this.#pending = false;
    const ended = performance.now();
    this.#next = ended + Math.max(shortestMs, share * (ended - started));
  }
}
