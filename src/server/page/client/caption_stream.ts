import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Caption, CaptionWord } from "../../../caption/caption.ts";
import { Problem } from "./problem.ts";

/** The words of a caption one after another, then the complete caption. */
export type Progress =
  | { readonly type: "word"; readonly word: CaptionWord }
  | { readonly type: "caption"; readonly caption: Caption };

/** Options of the API, as in the query. */
export type Query = Readonly<Record<string, string>>;

/**
 * Asks the server for a caption.
 *
 * @throws {Problem} If there is no caption; or an `AbortError` if `signal` was aborted.
 */
export async function* captionStream(
  photo: Blob,
  query: Query,
  token: string,
  signal: AbortSignal,
): AsyncGenerator<Progress, void, undefined> {
  const response = await ask(photo, query, token, signal);
  if (!response.ok || response.body === null) throw await problemOf(response);
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await events.read().catch((error: unknown) => {
        throw signal.aborted ? error : new Problem("interrupted", String(error));
      });
      if (done) throw new Problem("interrupted", "The stream ended without a caption.");
      const data = JSON.parse(value.data);
      if (value.event === "word") yield { type: "word", word: data };
      if (value.event === "error") throw problemFrom(data, data.status ?? 500);
      if (value.event === "caption") {
        yield { type: "caption", caption: data.caption };
        return;
      }
    }
  } finally {
    events.cancel().catch(() => {});
  }
}

async function ask(photo: Blob, query: Query, token: string, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {
    accept: "text/event-stream",
    "content-type": photo.type.startsWith("image/") ? photo.type : "application/octet-stream",
  };
  if (token !== "") headers["authorization"] = `Bearer ${token}`;
  try {
    return await fetch(`v1/captions?${new URLSearchParams(query)}`, { method: "POST", body: photo, headers, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem((await isThere(photo)) ? "unreachable" : "file-gone", String(error));
  }
}

/** Whether the browser can still read a file, which can be moved or changed after it was chosen. */
function isThere(file: Blob): Promise<boolean> {
  return file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => ({}));
  return problemFrom(body, response.status, secondsOf(response.headers.get("retry-after"), Date.now()));
}

/**
 * Seconds that a `Retry-After` header asks for, which holds seconds or a date.
 *
 * @returns `undefined` if it holds neither.
 */
export function secondsOf(header: string | null, now: number): number | undefined {
  if (header === null) return;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(Math.ceil((date - now) / 1000), 0);
}

function problemFrom(body: unknown, status: number, retryAfter?: number): Problem {
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
  return new Problem(
    typeof code === "string" ? code : "",
    typeof detail === "string" ? detail : "",
    status,
    retryAfter,
  );
}
