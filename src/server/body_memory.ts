import { Problem } from "./problem.ts";

/** The memory that all requests together may hold in bodies and photos; each takes its part as its bytes arrive. */
export class BodyMemory {
  readonly limit: number;
  #held = 0;

  /** @param limit Bytes. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes held at the moment. */
  get held(): number {
    return this.#held;
  }

  /** The part of one request, empty at first, given back when it is disposed. */
  share(): MemoryShare {
    let own = 0;
    let open = true;
    return {
      take: (bytes) => {
        if (this.#held + bytes > this.limit) {
          const message = "The server holds as many photos as its memory allows: try again in a moment.";
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

/** What one request holds. */
export interface MemoryShare extends Disposable {
  /**
   * Takes so many bytes more.
   *
   * @throws {Problem} `memory-full`, at once, where all requests together would hold too much.
   */
  take(bytes: number): void;
}
