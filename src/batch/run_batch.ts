import type { Caption } from "../caption/caption.ts";
import type { CaptionOptions } from "../caption/options.ts";
import { EdgecapError, faultOf, throwIfAborted } from "../errors.ts";
import type { Failure, ResultsFile } from "./results_file.ts";

/** Captions the pictures of a batch: a pool of workers. */
export interface BatchCaptioner {
  /** Number of pictures that are captioned at the same time. */
  readonly workers: number;
  /**
   * Prepares to caption. Called before the first picture, and not called if there is nothing to do.
   *
   * @throws {EdgecapError} if nothing can be captioned.
   */
  start?(): Promise<void>;
  /** @throws {EdgecapError} if the picture cannot be captioned. */
  caption(image: Uint8Array, options: CaptionOptions, signal: AbortSignal): Promise<Caption>;
}

/** Options of {@linkcode runBatch}. */
export interface BatchOptions {
  readonly images: AsyncIterable<string>;
  readonly read: (image: string) => Promise<Uint8Array>;
  readonly captioner: BatchCaptioner;
  readonly results: ResultsFile;
  readonly options?: CaptionOptions;
  /** Called after each picture. */
  readonly onDone?: (counts: BatchCounts) => void;
  readonly signal?: AbortSignal;
}

/** The progress of a batch. */
export interface BatchCounts {
  /** Pictures captioned by this run. */
  readonly captioned: number;
  /** Pictures that failed in this run. */
  readonly failed: number;
  /** Pictures skipped because they have a line already. */
  readonly skipped: number;
  /** Number of failures by error code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Captioned pictures whose sentence was left out: less sure or longer than requested. */
  readonly leftOut: number;
}

/**
 * Captions pictures into a file of results, each once. At most two pictures per worker are in memory at a time.
 *
 * A picture that fails gets a line that says why. After a stop at any moment, the same call continues with the pictures
 * that have no line.
 *
 * @throws {EdgecapError} `aborted`, `file-unwritable`, and what `images` throws, after the current pictures are
 *   finished.
 */
export async function runBatch(batch: BatchOptions): Promise<BatchCounts> {
  const { images, read, captioner, results, options = {}, signal } = batch;
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const counts = { captioned: 0, failed: 0, skipped: 0, leftOut: 0, failures: {} as Record<string, number> };
  let fatal: unknown;
  let started = false;

  const one = async (image: string): Promise<void> => {
    let result: Caption | Failure;
    try {
      result = await captioner.caption(await read(image), options, either);
    } catch (error) {
      if (either.aborted) return;
      const code = error instanceof EdgecapError ? error.code : "internal";
      if (["caller", "bundle"].includes(faultOf(code))) throw error;
      result = { code, message: error instanceof Error ? error.message : String(error) };
      counts.failures[code] = (counts.failures[code] ?? 0) + 1;
    }
    await results.write(image, result);
    if ("caption" in result) counts.captioned++;
    else counts.failed++;
    if ("caption" in result && result.reason !== undefined) counts.leftOut++;
    batch.onDone?.(counts);
  };

  const inHand = new Set<Promise<void>>();
  try {
    for await (const image of images) {
      if (either.aborted) break;
      if (!results.done.add(image)) {
        counts.skipped++;
        continue;
      }
      if (!started) await captioner.start?.();
      started = true;
      const work = one(image)
        .catch((error: unknown) => {
          fatal ??= error;
          stop.abort();
        })
        .finally(() => inHand.delete(work));
      inHand.add(work);
      if (inHand.size >= 2 * captioner.workers) await Promise.race(inHand);
    }
  } finally {
    await Promise.all(inHand);
  }
  if (fatal !== undefined) throw fatal;
  throwIfAborted(signal);
  return counts;
}
