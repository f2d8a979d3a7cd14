import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Caption, CaptionWord } from "../caption/caption.ts";
import type { JobOptions } from "../pool/messages.ts";
import type { WorkerPool } from "../pool/worker_pool.ts";

/** The origin of a caption. */
export type Origin = "cache" | "shared" | "inference";

/** One client's request. */
export interface AskOptions {
  readonly signal: AbortSignal;
  readonly onWord?: ((word: CaptionWord) => void) | undefined;
  /** Whether the cached caption may be used. Default true. */
  readonly fromCache?: boolean;
  /** Whether the caption may be cached. Default true. */
  readonly toCache?: boolean;
}

/** One inference and the requests that wait for it. */
interface Flight {
  readonly result: Promise<Caption>;
  readonly words: CaptionWord[];
  readonly listeners: Set<(word: CaptionWord) => void>;
  readonly controller: AbortController;
  passengers: number;
}

/** The pool behind a cache. Identical pictures requested at the same time share one inference. */
export class CaptionService {
  readonly #pool: Pick<WorkerPool, "caption">;
  readonly #cache: LRUCache<string, { readonly caption: Caption; readonly bytes: number }> | undefined;
  readonly #flights = new Map<string, Flight>();

  /** @param cacheBytes Most memory of the cache, in bytes; 0 for none. */
  constructor(pool: Pick<WorkerPool, "caption">, cacheBytes: number) {
    this.#pool = pool;
    if (cacheBytes > 0) this.#cache = new LRUCache({ maxSize: cacheBytes, sizeCalculation: ({ bytes }) => bytes });
  }

  /** Size of the cache in bytes, and number of captions in it. */
  get cached(): { readonly bytes: number; readonly entries: number } {
    return { bytes: this.#cache?.calculatedSize ?? 0, entries: this.#cache?.size ?? 0 };
  }

  /**
   * Captions a picture.
   *
   * @throws What the pool throws.
   */
  async caption(
    image: Uint8Array,
    options: JobOptions,
    ask: AskOptions,
  ): Promise<{ caption: Caption; origin: Origin }> {
    const key = keyOf(image, options);
    const known = ask.fromCache === false ? undefined : this.#cache?.get(key);
    if (known !== undefined) {
      for (const word of known.caption.words) ask.onWord?.(word);
      return { caption: known.caption, origin: "cache" };
    }
    // Reporting words costs a little more, so requests without words do not share with requests with words.
    const flightKey = ask.onWord === undefined ? key : `${key} words`;
    const joined = this.#flights.get(flightKey);
    const flight = joined ?? this.#takeOff(flightKey, image, options, ask.onWord !== undefined);
    const caption = await this.#board(flight, flightKey, ask);
    if (ask.toCache !== false) this.#keep(key, caption);
    return { caption, origin: joined === undefined ? "inference" : "shared" };
  }

  #takeOff(key: string, image: Uint8Array, options: JobOptions, withWords: boolean): Flight {
    const controller = new AbortController();
    const words: CaptionWord[] = [];
    const listeners = new Set<(word: CaptionWord) => void>();
    const onWord = (word: CaptionWord) => {
      words.push(word);
      for (const listener of listeners) listener(word);
    };
    const result = this.#pool.caption({
      image,
      options,
      signal: controller.signal,
      onWord: withWords ? onWord : undefined,
    });
    const flight: Flight = { result, words, listeners, controller, passengers: 0 };
    this.#flights.set(key, flight);
    const land = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    result.then(land, land);
    return flight;
  }

  /** Waits for an inference; if all waiting requests leave early, the inference is aborted. */
  async #board(flight: Flight, key: string, { signal, onWord }: AskOptions): Promise<Caption> {
    flight.passengers++;
    if (onWord) {
      for (const word of flight.words) onWord(word);
      flight.listeners.add(onWord);
    }
    const left = Promise.withResolvers<never>();
    let aboard = true;
    // Counted at once, because a request that leaves may have sent the same picture several times.
    const count = () => {
      if (aboard) flight.passengers--;
      aboard = false;
    };
    const leave = () => {
      count();
      if (flight.passengers === 0) {
        // New requests must not join work that is being aborted.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.controller.abort(signal.reason);
      }
      left.reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    try {
      return await Promise.race([flight.result, left.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      if (onWord) flight.listeners.delete(onWord);
      count();
    }
  }

  #keep(key: string, caption: Caption): void {
    // Two bytes per character, and as much again for the objects.
    this.#cache?.set(key, { caption, bytes: key.length * 2 + JSON.stringify(caption).length * 4 });
  }
}

/** Key of a picture and its options; a spelled-out default gives another key, which is harmless. */
function keyOf(image: Uint8Array, options: JobOptions): string {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${createHash("sha256").update(image).digest("base64url")} ${JSON.stringify(sorted)}`;
}
