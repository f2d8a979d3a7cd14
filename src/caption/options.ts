import type { Manifest } from "../bundle/manifest.ts";
import type { SearchOptions } from "../decode/search.ts";
import { EdgecapError } from "../errors.ts";
import { defaultMaxPixels } from "../image/max_pixels.ts";
import { refuseUnknown } from "./known_options.ts";
import { acceptedBy, accepts, type OptionName, optionRow, optionTable } from "./option_table.ts";

/** How to caption; what is left out is as the bundle recommends. */
export interface CaptionOptions {
  /** Width of the beam search, 1 (greedy) to 64. Default: the bundle's; not together with `temperature`. */
  readonly beams?: number;
  /** Further captions wanted, 0 to 63. Default 0. */
  readonly alternatives?: number;
  /** Longest caption in words, 1 to 1000. Default: the bundle's. */
  readonly maxWords?: number;
  /** Above 0, up to 100: words are drawn at random, the more freely the higher. Default 0: the most probable caption. */
  readonly temperature?: number;
  /** Draw only from so many most probable words, 0 (all) and up. Default 0; only with `temperature`. */
  readonly topK?: number;
  /** Draw only from the most probable words that together have this probability, above 0 to 1. Default 1; only with `temperature`. */
  readonly topP?: number;
  /** Where the random numbers begin, a whole number from 0: the same seed draws the same words. Default 0. */
  readonly seed?: number;
  /** Whether each word comes with a map of where the model looked for it. Default false. */
  readonly attention?: boolean;
  /**
   * A sentence that is less sure than this, 0 to 1, is not given: in its place comes "a photo of …" with what the picture
   * surely shows, or none, and the `reason` is `unsure`. Default 0: every sentence is given.
   */
  readonly minConfidence?: number;
  /** Most pixels of a picture, 1 to 1,000,000,000; one with more is refused from its header. Default 128 million. */
  readonly maxPixels?: number;
  /** Stops the work between two words; the call rejects at once, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options that can be written down and sent: all but the signal. */
export type CaptionSettings = Omit<CaptionOptions, "signal">;

/** What a model recommends, and the size of its vocabulary. */
export interface Recommendation {
  readonly generation: Manifest["generation"];
  readonly decoder: Pick<Manifest["decoder"], "vocabulary">;
  /** Whether it says how sure it is. Default true: not known yet. */
  readonly saysHowSure?: boolean;
}

/**
 * Options as the search takes them.
 *
 * @throws {EdgecapError} `option-invalid`, quoting name, value and range, or naming an option that does not exist.
 */
export function resolveOptions(
  options: CaptionOptions,
  { generation, decoder, saysHowSure = true }: Recommendation,
): {
  search: SearchOptions;
  count: number;
  attention: boolean;
  maxPixels: number;
  minConfidence: number;
  signal: AbortSignal | undefined;
} {
  refuseUnknown(options, [...Object.keys(optionTable), "signal"], "caption()");
  const temperature = checked("temperature", options.temperature ?? 0);
  const alternatives = checked("alternatives", options.alternatives ?? 0);
  const sampled = temperature > 0;
  const minConfidence = checked("minConfidence", options.minConfidence ?? 0);
  if (minConfidence > 0 && !saysHowSure)
    throw invalid("minConfidence", minConfidence, "0 or none, as this model does not say how sure it is");
  if (sampled && (options.beams ?? 1) > 1) {
    throw invalid(
      "beams",
      options.beams,
      "1 or none where temperature is above 0; ask for alternatives to draw several",
    );
  }
  if (!sampled && options.topK !== undefined)
    throw invalid("topK", options.topK, "used only with a temperature above 0");
  if (!sampled && options.topP !== undefined)
    throw invalid("topP", options.topP, "used only with a temperature above 0");
  const asked = options.beams === undefined ? undefined : checked("beams", options.beams);
  // Every caption wanted needs a beam of its own.
  const beams = sampled ? alternatives + 1 : Math.max(asked ?? generation.beams, alternatives + 1);
  const topK = checked("topK", options.topK ?? 0);
  if (topK > decoder.vocabulary) throw invalid("topK", topK, `a whole number from 0 to ${decoder.vocabulary}`);
  return {
    count: alternatives + 1,
    attention: options.attention === true,
    maxPixels: checked("maxPixels", options.maxPixels ?? defaultMaxPixels),
    minConfidence,
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

function checked<Value>(name: OptionName, value: Value): Value {
  const row = optionRow(name);
  if (!accepts(row, value)) throw invalid(name, value, acceptedBy(row));
  return value;
}

function invalid(name: string, value: unknown, range: string): EdgecapError {
  return new EdgecapError("option-invalid", `${name} is ${String(value)}: it must be ${range}.`);
}
