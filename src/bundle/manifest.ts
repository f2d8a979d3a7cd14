import { EdgecapError } from "../errors.ts";
import { boolean, type Checked, integer, list, number, object, oneOf, optional, pair, text } from "./schema.ts";

/** Version of the manifest's schema that this release writes, and the newest that it reads. */
export const manifestVersion = 1;

const count = integer({ minimum: 1 });
const score = number({ minimum: 0 });

const fileEntry = object({
  /** Path inside the bundle's folder, or `../NAME/FILE` for a file shared with the bundle NAME beside it. */
  path: text({ pattern: /^(\.\.\/[A-Za-z0-9_-][A-Za-z0-9._-]*\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/ }),
  /** Size of the file; a single buffer cannot exceed 2 GiB. */
  bytes: integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
  /** SHA-256 of its content, in lower-case hexadecimal. */
  sha256: text({ pattern: /^[0-9a-f]{64}$/ }),
  /**
   * Bytes that differ from the file, as pairs of offset and value: a graph for pictures of another size differs from
   * the one whose file it shares in a few lengths.
   */
  changes: optional(
    list(pair(integer({ minimum: 0 }), integer({ minimum: 0, maximum: 255 })), {
      least: 1,
      most: 256,
    }),
  ),
});

const scoresSchema = object({
  split: text(),
  beams: count,
  bleu1: score,
  bleu2: score,
  bleu3: score,
  bleu4: score,
  rougeL: score,
  cider: score,
});

/** A file of a bundle as its manifest names it. */
export type FileEntry = Checked<typeof fileEntry>;

/** Schema of the stored answer that backends are tested with; see src/model/stored_answer.ts. */
const selfTestSchema = object({
  /** Number of the generated test picture. */
  picture: integer({ minimum: 0 }),
  /** Tokens of its greedy caption. */
  tokens: list(integer({ minimum: 0 }), { least: 1 }),
  /** Some of its features, spread evenly over the grid. */
  features: list(number(), { least: 64, most: 64 }),
  /** Largest allowed distance from these features, relative to their length. */
  tolerance: number({ above: 0, maximum: 1 }),
});

/** The stored answer that backends are tested with. */
export type SelfTest = Checked<typeof selfTestSchema>;

const weight = number({ minimum: -1e6, maximum: 1e6 });
/** A number for each feature. */
const oneEach = list(weight, { least: 1, most: 100 });

/** Schema of the logistic regression that computes how likely a caption is right; see src/confidence/. */
const confidenceSchema = object({
  /** Names of the evidence that it reads. */
  features: list(text({ filled: true }), { least: 1, most: 100, unique: true }),
  /** Subtracted from each feature. */
  mean: oneEach,
  /** Divides the difference. */
  scale: list(number({ above: 0, maximum: 1e6 }), { least: 1, most: 100 }),
  /** Multiplies the quotient. */
  weights: oneEach,
  /** Added to the sum of the products; the logistic function turns it into a probability. */
  bias: weight,
});

/** The logistic regression by which a bundle says how likely a caption is right. */
export type ConfidenceFit = Checked<typeof confidenceSchema>;

/** Schema of `manifest.json`; every length is in elements unless its name says otherwise. */
export const manifestSchema = object({
  schemaVersion: oneOf(manifestVersion),
  name: text({ filled: true }),
  version: text({ filled: true }),
  files: object({
    encoder: fileEntry,
    decoderInit: fileEntry,
    decoderStep: fileEntry,
    vocabulary: fileEntry,
    /** Training photos and their captions, which `generation.neighbours` asks for; see src/retrieval/datastore.ts. */
    datastore: optional(fileEntry),
    /** The nouns that `decoder.concepts` counts, one per line; see src/concepts/concept_names.ts. */
    concepts: optional(fileEntry),
  }),
  encoder: object({
    precision: oneOf("fp32", "fp16", "int8"),
    /** Side of the square picture in pixels. */
    size: count,
    regions: count,
    features: count,
  }),
  decoder: object({
    preset: text({ filled: true }),
    precision: oneOf("fp32", "fp16", "int8"),
    /** Units of the state; of the image vector if the decoder reads prefixes. */
    hidden: count,
    /** Units of keys and values; of the image vector if the decoder reads prefixes. */
    keys: count,
    /** Number of words that each step reads, pre-padded; only for decoders without a state between words. */
    prefix: optional(count),
    /** Entries of the vocabulary. */
    vocabulary: count,
    /** Nouns that the encoder recognises, for decoders that look at them. */
    concepts: optional(
      object({
        /** Number of nouns. */
        nouns: count,
        /** Number of likeliest nouns that the decoder looks at beside the regions. */
        slots: count,
      }),
    ),
  }),
  tokenizer: object({
    rules: oneOf("spacy-en"),
    lowercase: boolean,
    dropPunctuation: boolean,
    /** Words seen less often than this in training are unknown. */
    minimumCount: count,
  }),
  // The same ranges as the options that override these values; see src/caption/options.ts.
  generation: object({
    beams: integer({ minimum: 1, maximum: 64 }),
    maxWords: integer({ minimum: 1, maximum: 1000 }),
    /** Exponent of the length by which a beam's log-probability is divided. */
    lengthPenalty: number({ minimum: 0, maximum: 10 }),
    /** How much the captions of similar training photos influence which beam wins; only with several beams. */
    neighbours: optional(
      object({
        /** Number of similar training photos to compare with. */
        count: integer({ minimum: 1, maximum: 10_000 }),
        /** Added to the score of a beam that fully agrees with their captions. */
        weight: number({ minimum: 0, maximum: 1_000_000 }),
      }),
    ),
    /**
     * A run of this many words occurs only once in a caption, unless all of them are repeatable
     * (src/decode/repeatable_words.ts), and no word occurs twice in a row. Without it captions may repeat themselves.
     */
    noRepeatNgram: optional(integer({ minimum: 1, maximum: 10 })),
    /** When the search must name a concept that the caption lacks; only with several beams. */
    concepts: optional(
      object({
        /** Probability above which a concept counts as sure. */
        least: number({ above: 0, maximum: 1 }),
        /** Number of concepts that the search tries to name. */
        most: integer({ minimum: 1, maximum: 3 }),
        /** Added to the score of a caption for each of them that it names. */
        reward: number({ minimum: 0, maximum: 1000 }),
        /** Added for the surest one in a third search; see src/decode/required_concepts.ts. */
        rewardOfOnly: optional(number({ minimum: 0, maximum: 1000 })),
        /** Probability above which a concept counts as likely there. */
        leastOfOnly: optional(number({ above: 0, maximum: 1 })),
      }),
    ),
  }),
  selfTest: optional(selfTestSchema),
  /** The confidence model, fitted by scripts/model/fit_confidence.ts; a bundle without it gives no confidence. */
  confidence: optional(confidenceSchema),
  provenance: object({
    data: text(),
    preset: text(),
    epochs: integer({ minimum: 0 }),
    seed: integer(),
    command: text(),
    scores: scoresSchema,
    /** Scores on dev photos of other collections. */
    otherScores: optional(list(scoresSchema, { least: 1 })),
    licences: list(object({ what: text(), licence: text(), source: text() })),
  }),
});

/** A bundle's manifest: its description of itself. */
export type Manifest = Checked<typeof manifestSchema>;

/** The parts of a bundle that are files. */
export type BundlePart = keyof Manifest["files"];

/** Parts that some bundles lack. */
type OptionalPart = "datastore" | "concepts";

/** The contents of a bundle's files, by part; some bundles lack a datastore or concepts. */
export type BundleFiles = Readonly<Record<Exclude<BundlePart, OptionalPart>, Uint8Array>> &
  Readonly<Partial<Record<OptionalPart, Uint8Array>>>;

/**
 * Reads the text of a `manifest.json`.
 *
 * @param where Where the text came from, for messages.
 * @throws {EdgecapError} `bundle-version-unsupported` for a manifest of a later release, `bundle-manifest-invalid` for
 *   anything else that is not a manifest.
 */
export function parseManifest(json: string, where: string): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new EdgecapError("bundle-manifest-invalid", `"${where}" is not JSON: ${(cause as Error).message}.`, {
      cause,
    });
  }
  const version = (parsed as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > manifestVersion) {
    throw new EdgecapError(
      "bundle-version-unsupported",
      `"${where}" has schema version ${version}, but this edgecap reads versions up to ${manifestVersion}: update edgecap.`,
    );
  }
  const fault = manifestSchema.fault(parsed, "");
  if (fault !== undefined) {
    throw new EdgecapError(
      "bundle-manifest-invalid",
      `"${where}" is not a valid manifest: at ${fault.path || "/"}, ${fault.message}, but found ${quoted(fault.value)}.`,
    );
  }
  const manifest = parsed as Manifest;
  checkLengths(manifest, where);
  return manifest;
}

/** A schema cannot express that these lists must have the same length. */
function checkLengths({ confidence }: Manifest, where: string): void {
  if (confidence === undefined) return;
  for (const name of ["mean", "scale", "weights"] as const) {
    if (confidence[name].length === confidence.features.length) continue;
    throw new EdgecapError(
      "bundle-manifest-invalid",
      `"${where}" is not a valid manifest: /confidence/${name} has ${confidence[name].length} numbers for ${confidence.features.length} features.`,
    );
  }
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
