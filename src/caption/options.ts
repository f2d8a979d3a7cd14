import type { Manifest } from "../bundle/manifest.ts";
import type { SearchOptions } from "../decode/search.ts";
import { EdgecapError } from "../errors.ts";
import { defaultMaxPixels } from "../image/max_pixels.ts";
import { refuseUnknown } from "./known_options.ts";
import { acceptedBy, accepts, type OptionRow, optionTable } from "./option_table.ts";
import type { Writing } from "./write_caption.ts";

/** How to caption. Options that are left out have the values that the bundle recommends. */
export interface CaptionOptions {
  /** Width of the beam search, 1 (greedy) to 64. Default: the bundle's; not together with `temperature`. */
  readonly beams?: number;
  /** Number of further captions, 0 to 63. Default 0. */
  readonly alternatives?: number;
  /** Longest caption in words, 1 to 1000. Default: the bundle's. */
  readonly maxWords?: number;
  /**
   * Most characters of a caption, 1 to 10,000, counted as Unicode code points of the final text. Captions are not cut
   * off: the search looks for a sentence that fits. If it finds none, the `reason` is `too-long`, and the caption is "a
   * photo of …" or empty. Default: no limit.
   */
  readonly maxCharacters?: number;
  /**
   * Whether captions and concepts say "person", "child" and "people" instead of "man", "boy" and "women", and "their"
   * instead of "his", and leave out numbers above two. Default false.
   */
  readonly neutral?: boolean;
  /** Whether captions begin with a capital letter and end with a full stop. Default false. */
  readonly sentence?: boolean;
  /**
   * Above 0, up to 100: words are drawn at random; higher values give rarer words. Default 0: the most probable
   * caption.
   */
  readonly temperature?: number;
  /** Draw only from this many most probable words, 0 (all) and up. Default 0; only with `temperature`. */
  readonly topK?: number;
  /**
   * Draw only from the most probable words that together have this probability, above 0 to 1. Default 1; only with
   * `temperature`.
   */
  readonly topP?: number;
  /** Seed of the random numbers, a whole number from 0: the same seed draws the same words. Default 0. */
  readonly seed?: number;
  /** Whether to add to each word a map of where the model looked for it. Default false. */
  readonly attention?: boolean;
  /**
   * Least confidence that a sentence needs, 0 to 1. Otherwise the caption is "a photo of …" with the concepts that are
   * sure, or empty, and the `reason` is `unsure`. Default 0: every sentence is accepted.
   */
  readonly minConfidence?: number;
  /** Most pixels of a picture, 1 to 1,000,000,000; a larger one is refused from its header. Default 128 million. */
  readonly maxPixels?: number;
  /** Stops the work between two words; the call rejects at once with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options that are plain data, and so can be stored and sent: all except the signal. */
export type CaptionSettings = Omit<CaptionOptions, "signal">;

/** The rows of the options; the compiler checks that none is missing. */
const rows: Readonly<Record<keyof CaptionSettings, OptionRow>> = optionTable;

/** The settings that a model recommends, and the size of its vocabulary. */
export interface Recommendation {
  readonly generation: Manifest["generation"];
  readonly decoder: Pick<Manifest["decoder"], "vocabulary">;
  /** Whether it gives a confidence. Default true, as long as that is not known. */
  readonly givesConfidence?: boolean;
}

/** The facts about a model that are known before it is loaded: enough to check options. */
export const anyModel: Recommendation = {
  generation: { beams: 1, maxWords: 1, lengthPenalty: 0 },
  decoder: { vocabulary: Number.MAX_SAFE_INTEGER },
};

/**
 * Options as the search expects them.
 *
 * @throws {EdgecapError} `option-invalid`, quoting name, value and range, or naming an option that does not exist.
 */
export function resolveOptions(
  options: CaptionOptions,
  { generation, decoder, givesConfidence = true }: Recommendation,
): {
  search: SearchOptions;
  count: number;
  attention: boolean;
  maxPixels: number;
  writing: Writing;
  signal: AbortSignal | undefined;
} {
  refuseUnknown(options, [...Object.keys(rows), "signal"], "caption()");
  const temperature = checked("temperature", options.temperature ?? 0);
  const alternatives = checked("alternatives", options.alternatives ?? 0);
  const sampled = temperature > 0;
  const minConfidence = checked("minConfidence", options.minConfidence ?? 0);
  if (minConfidence > 0 && !givesConfidence)
    throw invalid("minConfidence", minConfidence, "0 or left out, because this model gives no confidence");
  if (sampled && (options.beams ?? 1) > 1) {
    throw invalid("beams", options.beams, "1 or left out if temperature is above 0; use alternatives to draw several");
  }
  if (!sampled && options.topK !== undefined)
    throw invalid("topK", options.topK, "left out unless temperature is above 0");
  if (!sampled && options.topP !== undefined)
    throw invalid("topP", options.topP, "left out unless temperature is above 0");
  const asked = options.beams === undefined ? undefined : checked("beams", options.beams);
  // Each requested caption needs its own beam.
  const beams = sampled ? alternatives + 1 : Math.max(asked ?? generation.beams, alternatives + 1);
  const topK = checked("topK", options.topK ?? 0);
  if (topK > decoder.vocabulary) throw invalid("topK", topK, `a whole number from 0 to ${decoder.vocabulary}`);
  return {
    count: alternatives + 1,
    attention: checked("attention", options.attention ?? false),
    maxPixels: checked("maxPixels", options.maxPixels ?? defaultMaxPixels),
    writing: {
      neutral: checked("neutral", options.neutral ?? false),
      sentence: checked("sentence", options.sentence ?? false),
      maxCharacters: options.maxCharacters === undefined ? 0 : checked("maxCharacters", options.maxCharacters),
      minConfidence,
    },
    signal: options.signal,
    search: {
      vocabulary: decoder.vocabulary,
      beams,
      maxWords: checked("maxWords", options.maxWords ?? generation.maxWords),
      minWords: 1,
      lengthPenalty: sampled ? 0 : generation.lengthPenalty,
      temperature,
      topK,
      topP: checked("topP", options.topP ?? 1),
      seed: checked("seed", options.seed ?? 0),
    },
  };
}

function checked<Value>(name: keyof CaptionSettings, value: Value): Value {
  const row = rows[name];
  if (!accepts(row, value)) throw invalid(name, value, acceptedBy(row));
  return value;
}

function invalid(name: string, value: unknown, range: string): EdgecapError {
  return new EdgecapError("option-invalid", `${name} is ${String(value)}: it must be ${range}.`);
}
