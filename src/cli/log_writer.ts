import { write } from "node:fs";

/** Limit of the lines that wait to be written, in characters. */
const mostWaiting = 1 << 20;

type Done = (error: Error | null, written: number) => void;

/** The part of Deno's API used here, whose types are missing. */
interface DenoOutput {
  readonly stderr: { write(bytes: Uint8Array): Promise<number> };
}

/** Writes to standard error on another thread; Deno's `node:fs` would write on this one. */
function writeToStderr(bytes: Uint8Array, done: Done): void {
  const { Deno } = globalThis as { Deno?: DenoOutput };
  if (Deno === undefined) write(2, bytes, done);
  else
    Deno.stderr.write(bytes).then(
      (written) => done(null, written),
      (error: Error) => done(error, 0),
    );
}

/**
 * Writes lines to standard error without ever waiting for its reader.
 *
 * If the log goes into a pipe that nobody empties, an ordinary write blocks the process, including its signal
 * handlers. Here lines wait in memory; if too many wait, they are dropped and counted.
 */
export class LogWriter {
  readonly #write: (bytes: Uint8Array, done: Done) => void;
  #lines: string[] = [];
  #waiting = 0;
  #dropped = 0;
  #busy = false;
  #idle: (() => void)[] = [];

  /** @param to Writes bytes and calls back with how many were written. Default: standard error. */
  constructor(to: (bytes: Uint8Array, done: Done) => void = writeToStderr) {
    this.#write = to;
  }

  /** Writes one value as a line of JSON. */
  line(value: object): void {
    const text = `${JSON.stringify(value)}\n`;
    if (this.#waiting + text.length > mostWaiting) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const remark = `${JSON.stringify({ event: "log-dropped", lines: this.#dropped })}\n`;
      this.#dropped = 0;
      this.#lines.push(remark);
      this.#waiting += remark.length;
    }
    this.#lines.push(text);
    this.#waiting += text.length;
    this.#go();
  }

  /** Waits until all lines are written, at most this many milliseconds. */
  async flushed(limitMs: number): Promise<void> {
    if (!this.#busy) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.#idle.push(resolve);
    await promise;
    clearTimeout(timer);
  }

  #go(): void {
    if (this.#busy) return;
    if (this.#lines.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#busy = true;
    this.#send(new TextEncoder().encode(this.#lines.join("")));
    this.#lines = [];
  }

  #send(bytes: Uint8Array): void {
    this.#write(bytes, (error, written) => {
      // A non-blocking pipe that is full at the moment.
      if ((error as NodeJS.ErrnoException | null)?.code === "EAGAIN") {
        setTimeout(() => this.#send(bytes), 50);
        return;
      }
      if (error === null && written < bytes.length) {
        this.#send(bytes.subarray(written));
        return;
      }
      this.#busy = false;
      this.#waiting = this.#lines.reduce((sum, { length }) => sum + length, 0);
      this.#go();
    });
  }
}
