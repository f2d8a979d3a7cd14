import type { Caption, CaptionEvent, CaptionWord } from "./caption.ts";

/**
 * Turns work that reports through a callback into a stream of events.
 *
 * The work continues at its own pace, so a slow reader delays nobody; its signal is aborted if the reader
 * leaves.
 *
 * @param work Captions a picture, and calls `onWord` with each word as soon as it is decided.
 * @param signal Stops the work too.
 */
export async function* captionStream(
  work: (onWord: (word: CaptionWord) => void, signal: AbortSignal) => Promise<Caption>,
  signal: AbortSignal | undefined,
): AsyncGenerator<CaptionEvent, void, undefined> {
  const left = new AbortController();
  const events = new ReadableStream<CaptionEvent>({
    start: (controller) => {
      // After its reader has left, a stream accepts no more events.
      const ifRead = (step: () => void) => left.signal.aborted || step();
      const onWord = (word: CaptionWord) => ifRead(() => controller.enqueue({ type: "word", ...word }));
      work(onWord, signal ? AbortSignal.any([signal, left.signal]) : left.signal).then(
        (caption) =>
          ifRead(() => {
            controller.enqueue({ type: "caption", caption });
            controller.close();
          }),
        (error: unknown) => ifRead(() => controller.error(error)),
      );
    },
    cancel: () => left.abort(),
  });
  yield* events;
}
