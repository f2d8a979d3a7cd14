/** Shortest time between two writes, in milliseconds. */
const shortestMs = 200;
/**
 * The time between two writes is this multiple of the last one's duration, so writing takes at most 5 % of the time.
 */
const share = 20;

/**
 * Delays a write whose cost grows with the amount of data: a write for each of n changes would take time that grows
 * with the square of n. Pending changes are lost if the process is killed.
 */
export class DelayedWrite {
  readonly #write: () => Promise<void>;
  #pending = false;
  /** When the next write may begin. */
  #next = 0;

  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** Call it after a change: writes if the last write is long enough ago. */
  async changed(): Promise<void> {
    this.#pending = true;
    if (performance.now() >= this.#next) await this.flush();
  }

  /** Milliseconds until pending changes may be written; `undefined` if nothing is pending. */
  get dueMs(): number | undefined {
    return this.#pending ? Math.max(0, this.#next - performance.now()) : undefined;
  }

  /** Writes pending changes. */
  async flush(): Promise<void> {
    if (!this.#pending) return;
    const started = performance.now();
    await this.#write();
    this.#pending = false;
    const ended = performance.now();
    this.#next = ended + Math.max(shortestMs, share * (ended - started));
  }
}
