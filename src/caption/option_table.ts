import { highestMaxPixels } from "../image/max_pixels.ts";

/** A numeric option. */
interface NumberRow {
  /** Whether it is a whole number. */
  readonly kind: "whole" | "number";
  readonly low: number;
  readonly high: number;
  /** Whether `low` itself is excluded. Default false. */
  readonly above?: boolean;
  /** Its effect, as a sentence without a full stop. */
  readonly says: string;
  /** Description of its default. Default: not mentioned. */
  readonly otherwise?: string;
}

/** An option that is on or off; off by default. */
interface SwitchRow {
  readonly kind: "switch";
  /** Its effect if it is on, as a sentence without a full stop. */
  readonly says: string;
}

/** The description of a caption's option. */
export type OptionRow = NumberRow | SwitchRow;

/**
 * Every option of a caption, with its range, its default and a sentence. The checks of the library, the flags of the
 * command line, and the server's schema are derived from it, so a new option is a row here and a field of
 * `CaptionOptions`.
 */
export const optionTable = {
  beams: {
    kind: "whole",
    low: 1,
    high: 64,
    says: "Width of the beam search, 1 for greedy",
    otherwise: "the model's",
  },
  alternatives: { kind: "whole", low: 0, high: 63, says: "Number of further captions", otherwise: "0" },
  maxWords: { kind: "whole", low: 1, high: 1000, says: "Longest caption in words", otherwise: "the model's" },
  maxCharacters: {
    kind: "whole",
    low: 1,
    high: 10_000,
    says: "Longest caption in characters; the search finds a sentence that fits, instead of cutting one off",
    otherwise: "any number",
  },
  neutral: {
    kind: "switch",
    says: "Say person and child instead of man, woman, boy and girl, and leave out numbers above two",
  },
  sentence: { kind: "switch", says: "Begin captions with a capital letter and end them with a full stop" },
  temperature: {
    kind: "number",
    low: 0,
    high: 100,
    says: "Above 0, words are drawn at random; higher values give rarer words",
    otherwise: "0, the most probable caption",
  },
  topK: {
    kind: "whole",
    low: 0,
    high: 1_000_000,
    says: "With a temperature: draw only from this many most probable words, 0 for all",
    otherwise: "0",
  },
  topP: {
    kind: "number",
    low: 0,
    above: true,
    high: 1,
    says: "With a temperature: draw only from the most probable words that together have this probability",
    otherwise: "1",
  },
  seed: {
    kind: "whole",
    low: 0,
    high: Number.MAX_SAFE_INTEGER,
    says: "Seed of the random numbers",
    otherwise: "0",
  },
  minConfidence: {
    kind: "number",
    low: 0,
    high: 1,
    says: 'Least confidence that a sentence needs; below it, the caption is "a photo of ..." with what is sure, or empty',
    otherwise: "0",
  },
  attention: { kind: "switch", says: "Add to each word a map of where the model looked, in JSON" },
  maxPixels: {
    kind: "whole",
    low: 1,
    high: highestMaxPixels,
    says: "Largest picture, in pixels",
    otherwise: "128000000",
  },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** Name of an option with a row: all options except the signal, which is not plain data. */
export type OptionName = keyof typeof optionTable;

/** The row of an option. */
export function optionRow(name: OptionName): OptionRow {
  return optionTable[name];
}

/** The values that an option accepts, for messages: "a whole number from 1 to 64". */
export function acceptedBy(row: OptionRow): string {
  if (row.kind === "switch") return "true or false";
  if (row.above === true) return `above ${row.low}, up to ${row.high}`;
  return `a ${row.kind === "whole" ? "whole number" : "number"} from ${row.low} to ${row.high}`;
}

/** Whether an option accepts a value. */
export function accepts(row: OptionRow, value: unknown): boolean {
  if (row.kind === "switch") return typeof value === "boolean";
  if (typeof value !== "number" || (row.kind === "whole" && !Number.isInteger(value))) return false;
  return value <= row.high && (row.above === true ? value > row.low : value >= row.low);
}
