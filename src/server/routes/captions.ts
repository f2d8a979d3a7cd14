import type { Caption, CaptionWord } from "../../caption/caption.ts";
import { captionJson } from "../../caption/json.ts";
import { leftOutMessage } from "../../caption/left_out_message.ts";
import type { CaptionSettings } from "../../caption/options.ts";
import { probeImage } from "../../image/decode.ts";
import type { CaptionService, Origin } from "../caption_service.ts";
import { eventStream } from "../event_stream.ts";
import type { Metrics } from "../metrics.ts";
import { type Picture, type PictureLimits, readPictures } from "../pictures.ts";
import { Problem, problemOf } from "../problem.ts";
import { contextOf } from "../request_context.ts";
import { json, representationFor } from "../responses.ts";

/** Everything that the captioning routes share. */
export interface Captioning {
  readonly service: CaptionService;
  readonly metrics: Metrics;
  readonly limits: PictureLimits;
  readonly maxPixels: number;
  /** How captions are written for those who do not say it. */
  readonly defaults: CaptionSettings;
}

/** Answers `POST /v1/captions`. */
export async function captions(request: Request, captioning: Captioning): Promise<Response> {
  const representation = representationFor(request);
  const { pictures, list } = await readPictures(request, captioning.limits);
  note(request, pictures);
  if (representation === "text/event-stream") return stream(request, pictures, captioning);
  if (!list) {
    const { caption, origin } = await captionOne(pictures[0]!, request, captioning);
    const headers = cacheStatus(origin);
    return representation === "text/plain"
      ? plain(caption.caption, headers)
      : json(captionJson(pictures[0]!.name, caption), headers);
  }
  const results = await Promise.all(
    pictures.map((picture) =>
      captionOne(picture, request, captioning).then(
        ({ caption }) => ({ name: picture.name, caption }),
        (error: unknown) => ({ name: picture.name, problem: problemOf(error) }),
      ),
    ),
  );
  // A bad picture among several is reported in its place; if all are bad, or the server is at fault, the request fails.
  const problems = results.flatMap((result) => ("problem" in result ? [result.problem] : []));
  const fatal = problems.find(({ status }) => status >= 500) ?? (problems.length === pictures.length && problems[0]);
  if (fatal) throw fatal;
  if (representation === "text/plain")
    return plain(results.map((result) => ("caption" in result ? result.caption.caption : "")).join("\n"));
  return json(
    results.map((result) =>
      "caption" in result
        ? captionJson(result.name, result.caption)
        : { image: result.name, error: { code: result.problem.code, message: result.problem.message } },
    ),
  );
}

/**
 * Captions one picture for a request, respecting its limits and its Cache-Control. With `emptyToo`, a sentence that
 * is less sure or longer than requested gives an empty caption; without it, that is a problem.
 */
export async function captionOne(
  picture: Picture,
  request: Request,
  { service, metrics, maxPixels, defaults }: Captioning,
  {
    signal = request.signal,
    onWord,
    emptyToo = false,
  }: { signal?: AbortSignal; onWord?: (word: CaptionWord) => void; emptyToo?: boolean } = {},
): Promise<{ caption: Caption; origin: Origin }> {
  await probeImage(picture.bytes, maxPixels);
  const wishes = request.headers.get("cache-control")?.toLowerCase() ?? "";
  const found = await service.caption(
    picture.bytes,
    { ...defaults, ...picture.options, maxPixels },
    {
      signal,
      onWord,
      fromCache: !/\bno-(cache|store)\b/.test(wishes),
      toCache: !/\bno-store\b/.test(wishes),
    },
  );
  metrics.caption(found.origin);
  contextOf(request).origin = found.origin;
  const { caption } = found;
  if (!emptyToo && caption.reason !== undefined && caption.caption === "") throw leftOutProblem(caption);
  return found;
}

function leftOutProblem(caption: Caption): Problem {
  const [code, advice] =
    caption.reason === "too-long"
      ? (["caption-too-long", "Allow more characters"] as const)
      : (["caption-unsure", "Use a lower minConfidence"] as const);
  return new Problem(code, `${leftOutMessage(caption)} ${advice}, or describe the picture yourself.`);
}

/** Records a request's pictures for the log: their number and size, but not their content. */
export function note(request: Request, pictures: readonly Picture[]): void {
  const context = contextOf(request);
  context.images = pictures.length;
  context.bytes = pictures.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

async function stream(request: Request, pictures: readonly Picture[], captioning: Captioning): Promise<Response> {
  if (pictures.length !== 1)
    throw new Problem(
      "images-too-many",
      `A stream captions one picture, but the request contains ${pictures.length}: send one per request.`,
    );
  const picture = pictures[0]!;
  const left = new AbortController();
  const signal = AbortSignal.any([request.signal, left.signal]);
  const context = contextOf(request);
  const words: CaptionWord[] = [];
  const firstWord = Promise.withResolvers<void>();
  let onWord = (word: CaptionWord): void => {
    words.push(word);
    firstWord.resolve();
  };
  const result = captionOne(picture, request, captioning, { signal, onWord: (word) => onWord(word) });
  // A request that is refused before its first word gets the same status as without a stream.
  await Promise.race([result, firstWord.promise]);
  const ended = Promise.withResolvers<void>();
  context.ended = ended.promise;
  const body = eventStream(
    async (send) => {
      const sendWord = (word: CaptionWord) => send({ event: "word", data: { type: "word", ...word } });
      for (const word of words) sendWord(word);
      onWord = sendWord;
      try {
        const { caption } = await result;
        send({ event: "caption", data: { type: "caption", caption: captionJson(picture.name, caption) } });
      } catch (error) {
        const problem = problemOf(error);
        context.code = problem.code;
        context.cause = problem.cause;
        send({ event: "error", data: problem.document(context.id) });
      } finally {
        ended.resolve();
      }
    },
    () => left.abort(),
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Otherwise proxies would buffer the words until the end.
      "x-accel-buffering": "no",
    },
  });
}

function plain(text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${text}\n`, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

/** RFC 9211: whether the answer came from the server's own cache. */
function cacheStatus(origin: Origin): Record<string, string> {
  const what = { cache: "hit", shared: "fwd=miss; collapsed", inference: "fwd=miss" }[origin];
  return { "cache-status": `edgecap; ${what}` };
}
