import { EdgecapError } from "../errors.ts";
import { partialInMemory } from "../platform/file_store.ts";

/** Default for the longest time without data from a server, in milliseconds. */
const longestSilence = 30_000;

/** Least bytes in each such time: a server that sends a byte now and then is never silent, and never ends. */
const leastBytes = 65_536;

/** How long to wait for a server. */
export interface Timeouts {
  /** Longest time without data, in milliseconds. Default 30,000. */
  readonly silenceMs?: number | undefined;
  /** Longest time in which less than 64 KiB arrive and more is to come, in milliseconds. Default that for silence. */
  readonly paceMs?: number | undefined;
  /** Longest time for all of it, in milliseconds, however often a few bytes arrive. No limit by default. */
  readonly totalMs?: number | undefined;
}

/** A response that rejects if its server stops sending, or sends too slowly. */
export interface TimedResponse extends Disposable {
  readonly response: Response;
  /** The body, in pieces as they arrive. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Fetches. Fails if no data arrives for a while, before the response or between two pieces of its body, or if too
 * little arrives.
 *
 * @param headers Of the request.
 * @throws {Error} that says how long the server was silent, or how slow it was; what `fetch` throws, also if the signal
 *   is aborted.
 */
export async function fetchWithTimeout(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
  { silenceMs: longest = longestSilence, paceMs = longest, totalMs }: Timeouts = {},
): Promise<TimedResponse> {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`the server sent nothing for ${longest / 1000} s`)), longest);
  };
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const whole =
    totalMs && setTimeout(() => silence.abort(new Error(`the server took more than ${totalMs / 1000} s`)), totalMs);
  const stop = () => {
    clearTimeout(timer);
    clearTimeout(whole);
  };
  heard();
  try {
    const response = await fetch(url, { headers, signal: either });
    heard();
    return {
      response,
      async *chunks() {
        // Only time spent waiting for the server counts, not the caller's own.
        let [waited, arrived, asked] = [0, 0, performance.now()];
        try {
          for await (const chunk of response.body ?? []) {
            heard();
            if (waited > paceMs) throw new Error(`the server sent only ${arrived} bytes in ${paceMs / 1000} s`);
            waited += performance.now() - asked;
            arrived += chunk.length;
            if (arrived >= leastBytes) [waited, arrived] = [0, 0];
            yield chunk;
            asked = performance.now();
          }
        } catch (cause) {
          throw silence.signal.aborted ? silence.signal.reason : cause;
        }
      },
      [Symbol.dispose]: () => {
        stop();
        // The rest of the body is not needed.
        silence.abort(new Error("the response is no longer needed"));
      },
    };
  } catch (cause) {
    stop();
    throw silence.signal.aborted ? silence.signal.reason : cause;
  }
}

/**
 * A complete body.
 *
 * @param most Most bytes that are taken.
 * @throws {EdgecapError} `bundle-manifest-invalid` if it is longer.
 */
export async function readBody(answer: TimedResponse, most: number, where: string): Promise<Uint8Array> {
  const body = partialInMemory();
  for await (const chunk of answer.chunks()) {
    await body.append(chunk);
    if (body.size > most) {
      throw new EdgecapError(
        "bundle-manifest-invalid",
        `"${where}" is longer than ${most} bytes, so it is not a manifest.`,
      );
    }
  }
  return await body.bytes();
}
