import type { PreTrainedModel } from "@huggingface/transformers";
import { EdgecapError } from "../errors.ts";

/** The search settings of a model's own configuration. */
export interface GenerationSettings {
  readonly generation: { readonly beams: number; readonly maxWords: number; readonly lengthPenalty: number };
  /** Size of its vocabulary. */
  readonly vocabulary: number;
  readonly startId: number;
  readonly endId: number;
  readonly banned: Uint32Array;
  readonly minWords: number;
  /** A run of this many tokens occurs only once; 0 is off. */
  readonly noRepeatNgram: number;
}

/**
 * Reads a model's configuration: `generation_config.json` first, then `config.json`, then its part `decoder`.
 * Without a value, the defaults are those of the Python library transformers.
 *
 * @throws {EdgecapError} `bundle-manifest-invalid` if there is no start or end token or no size of the vocabulary.
 */
export function generationSettings(model: Pick<PreTrainedModel, "config" | "generation_config">): GenerationSettings {
  const config = model.config as unknown as Record<string, unknown>;
  const sources = [model.generation_config, config, config["decoder"]] as (
    | Record<string, unknown>
    | null
    | undefined
  )[];
  const first = (name: string): unknown =>
    sources.map((source) => source?.[name]).find((value) => value !== undefined && value !== null);
  const number = (name: string, otherwise: number): number => {
    const value = first(name);
    return typeof value === "number" ? value : otherwise;
  };
  const id = (...names: string[]): number => {
    const found = names.map(first).map((value) => (Array.isArray(value) ? value[0] : value));
    const value = found.find((candidate) => typeof candidate === "number");
    if (value === undefined) throw lacking(names[0]!);
    return value;
  };
  const vocabulary = id("vocab_size");
  const endId = id("eos_token_id");
  // The library's maximal length includes the start token.
  const maxWords = number("max_new_tokens", number("max_length", 20) - 1);
  const suppressed = first("suppress_tokens");
  return {
    generation: {
      beams: bounded(number("num_beams", 1), 1, 64),
      maxWords: bounded(maxWords, 1, 1000),
      lengthPenalty: Math.min(Math.max(number("length_penalty", 1), 0), 10),
    },
    vocabulary,
    startId: id("decoder_start_token_id", "bos_token_id"),
    endId,
    banned: Uint32Array.from(Array.isArray(suppressed) ? suppressed : []).filter((token) => token !== endId),
    minWords: bounded(number("min_length", 1) - 1, 1, 1000),
    noRepeatNgram: bounded(number("no_repeat_ngram_size", 0), 0, 1000),
  };
}

function bounded(value: number, low: number, high: number): number {
  return Math.min(Math.max(Math.trunc(value), low), high);
}

function lacking(name: string): EdgecapError {
  return new EdgecapError(
    "bundle-manifest-invalid",
    `The model's config.json lacks "${name}": export the model again.`,
  );
}
