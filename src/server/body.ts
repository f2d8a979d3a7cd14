import type { MemoryShare } from "./body_memory.ts";
import { Problem } from "./problem.ts";

/** Limits of a request's body. */
export interface BodyLimits {
  /** Most bytes of the body. */
  readonly maxBytes: number;
  /** Time for the body to arrive, in milliseconds. */
  readonly timeoutMs: number;
}

/** Time without a minimum speed, in milliseconds, and the minimum from then on, in bytes per second. */
const graceMs = 5000;
const leastRate = 1024;

/** Number of chunks of any size, and the minimum of their average size from then on, in bytes. */
const freeChunks = 10_000;
const leastChunk = 64;

/** First size of a buffer, in bytes. */
const firstSize = 65_536;

/**
 * Reads a request's body, within its own limits and those of all requests together.
 *
 * @param memory The memory budget that the body uses as it arrives.
 * @throws {Problem} `encoding-unsupported` if the body is compressed; `body-too-large`, `body-timeout` if it is
 *   slow, `memory-full`; `body-invalid` if the connection was cut.
 */
export async function readBody(
  request: Request,
  { maxBytes, timeoutMs }: BodyLimits,
  memory: MemoryShare,
): Promise<Uint8Array<ArrayBuffer>> {
  refuseCoding(request);
  const tooLarge = () =>
    new Problem("body-too-large", `The body has more than ${maxBytes} bytes, the limit here: send a smaller picture.`, {
      connection: "close",
    });
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared > maxBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array(0);
  const most = declared >= 0 ? declared : maxBytes;
  let buffer = new Uint8Array(0);
  let length = 0;
  let chunks = 0;
  const reader = request.body.getReader();
  let late: Problem | undefined;
  const giveUp = (message: string) => {
    late = new Problem("body-timeout", message, { connection: "close" });
    // The pending read returns this.
    reader.cancel(late).catch(() => {});
  };
  const started = performance.now();
  const pace = setInterval(() => {
    const ms = performance.now() - started;
    if (ms > graceMs && length < (ms / 1000) * leastRate)
      giveUp(`The body arrives at less than ${leastRate} bytes per second: send it faster.`);
  }, 1000);
  const whole = setTimeout(
    () => giveUp(`The body did not arrive within ${timeoutMs / 1000} s: send it faster, or send a smaller picture.`),
    timeoutMs,
  );
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late !== undefined) throw late;
      if (done) break;
      const needed = length + value.length;
      if (needed > maxBytes) throw tooLarge();
      // A million chunks of one byte would keep this thread busy for seconds.
      if (++chunks > freeChunks && needed < chunks * leastChunk) throw tooManyChunks();
      if (needed > buffer.length) {
        const size = Math.max(needed, Math.min(Math.max(buffer.length * 2, firstSize), most));
        memory.take(size - buffer.length);
        // The old memory is freed at once, not by garbage collection.
        buffer = new Uint8Array(buffer.buffer.transfer(size));
      }
      buffer.set(value, length);
      length = needed;
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (late !== undefined) throw late;
    if (error instanceof Problem) throw error;
    throw new Problem("body-invalid", "The body is incomplete: send it again.", {}, { cause: error });
  } finally {
    clearInterval(pace);
    clearTimeout(whole);
  }
  return buffer.subarray(0, length);
}

function tooManyChunks(): Problem {
  const message = `The body arrives in chunks of less than ${leastChunk} bytes: send larger ones.`;
  return new Problem("body-invalid", message, { connection: "close" });
}

/**
 * A compressed body would look like a damaged picture. Pictures are compressed already, so compression gains nothing.
 */
function refuseCoding(request: Request): void {
  const coding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding === "" || coding === "identity") return;
  const shown = /^[a-z0-9, -]{1,40}$/.test(coding) ? ` "${coding}"` : "";
  throw new Problem(
    "encoding-unsupported",
    `The body has the Content-Encoding${shown}, which this server does not decode: send it without, since pictures are compressed already.`,
    { "accept-encoding": "identity" },
  );
}
