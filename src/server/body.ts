import { Problem } from "./problem.ts";

/** Limits of a request's body. */
export interface BodyLimits {
  /** Most bytes of the whole body. */
  readonly maxBytes: number;
  /** Time for the whole body to arrive, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Reads a request's body, and no more of it than the limit.
 *
 * @throws {Problem} `body-too-large` or `body-timeout`; `body-invalid` where the connection was cut.
 */
export async function readBody(
  request: Request,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new Problem("body-too-large", `The body has more than ${maxBytes} bytes, the limit here: send a smaller photo.`, {
      connection: "close",
    });
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array(0);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `The body did not arrive within ${timeoutMs / 1000} s: send it faster, or a smaller photo.`;
    late.reject(new Problem("body-timeout", message, { connection: "close" }));
  }, timeoutMs);
  late.promise.catch(() => {});
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) break;
      length += value.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof Problem) throw error;
    throw new Problem("body-invalid", "The body broke off: send it again.", {}, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  const body = new Uint8Array(length);
  let place = 0;
  for (const chunk of chunks) {
    body.set(chunk, place);
    place += chunk.length;
  }
  return body;
}
