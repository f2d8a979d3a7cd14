import { Problem } from "./problem.ts";

/**
 * The memory budget of all requests together for bodies and pictures; each request uses its part as its bytes arrive.
 */
export class BodyMemory {
  readonly limit: number;
  #held = 0;

  /** @param limit Bytes. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes in use at the moment. */
  get held(): number {
    return this.#held;
  }

  /** The part of one request, empty at first, released when it is disposed of. */
  share(): MemoryShare {
    let own = 0;
    let open = true;
    return {
      take: (bytes) => {
        if (this.#held + bytes > this.limit) {
          const message = "The server already has as many pictures in memory as it may: try again in a moment.";
          throw new Problem("memory-full", message, { "retry-after": "2", connection: "close" });
        }
        if (!open) return;
        own += bytes;
        this.#held += bytes;
      },
      [Symbol.dispose]: () => {
        open = false;
        this.#held -= own;
        own = 0;
      },
    };
  }
}

/** The memory of one request. */
export interface MemoryShare extends Disposable {
  /**
   * Uses this many more bytes.
   *
   * @throws {Problem} `memory-full`, at once, if all requests together would hold too much.
   */
  take(bytes: number): void;
}
