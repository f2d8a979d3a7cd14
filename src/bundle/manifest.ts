import { type Static, Type } from "@sinclair/typebox";
// By its own name: `Value` would bring all of the package into a page.
import { Errors } from "@sinclair/typebox/errors";
import { EdgecapError } from "../errors.ts";

/** Version of the manifest's schema that this release writes, and the newest that it reads. */
export const manifestVersion = 1;

const count = Type.Integer({ minimum: 1 });
const score = Type.Number({ minimum: 0 });

const fileEntry = Type.Object({
  /** Path inside the bundle's folder, or `../NAME/FILE` of the bundle NAME beside it, whose file this one shares. */
  path: Type.String({ pattern: "^(\\.\\./[A-Za-z0-9_-][A-Za-z0-9._-]*/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$" }),
  /** Size of the file; above 2 GiB none is one piece of memory. */
  bytes: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
  /** SHA-256 of its content, in lower-case hexadecimal. */
  sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  /**
   * Bytes that are other than in the file, as pairs of place and value: a graph for pictures of another size differs from
   * the one whose file it shares in a few lengths.
   */
  changes: Type.Optional(
    Type.Array(Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0, maximum: 255 })]), {
      minItems: 1,
      maxItems: 256,
    }),
  ),
});

const scoresSchema = Type.Object({
  split: Type.String(),
  beams: count,
  bleu1: score,
  bleu2: score,
  bleu3: score,
  bleu4: score,
  rougeL: score,
  cider: score,
});

/** A file of a bundle as its manifest names it. */
export type FileEntry = Static<typeof fileEntry>;

/** Schema of the answer that a bundle stores for the backends to be tested with; see src/model/stored_answer.ts. */
const selfTestSchema = Type.Object({
  /** Which of the pictures that can be made again. */
  picture: Type.Integer({ minimum: 0 }),
  /** Tokens of its greedy caption. */
  tokens: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 }),
  /** Some of its features, spread evenly over the grid. */
  features: Type.Array(Type.Number(), { minItems: 64, maxItems: 64 }),
  /** How far features may be from these, as a share of their length. */
  tolerance: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
});

/** The answer that a bundle stores for the backends to be tested with. */
export type SelfTest = Static<typeof selfTestSchema>;

const weight = Type.Number({ minimum: -1e6, maximum: 1e6 });
/** A number for each feature. */
const oneEach = Type.Array(weight, { minItems: 1, maxItems: 100 });

/** Schema of the logistic regression that says how likely a caption is right; see src/confidence/. */
const confidenceSchema = Type.Object({
  /** Names of the evidence that it reads. */
  features: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 100, uniqueItems: true }),
  /** Taken from each feature. */
  mean: oneEach,
  /** What the rest is divided by. */
  scale: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }), { minItems: 1, maxItems: 100 }),
  /** What the result is multiplied by. */
  weights: oneEach,
  /** What is added to their sum; the logistic function makes a chance of it. */
  bias: weight,
});

/** The logistic regression by which a bundle says how likely a caption is right. */
export type ConfidenceFit = Static<typeof confidenceSchema>;

/** Schema of `manifest.json`; every length is in elements unless its name says otherwise. */
export const manifestSchema = Type.Object({
  schemaVersion: Type.Literal(manifestVersion),
  name: Type.String({ minLength: 1 }),
  version: Type.String({ minLength: 1 }),
  files: Type.Object({
    encoder: fileEntry,
    decoderInit: fileEntry,
    decoderStep: fileEntry,
    vocabulary: fileEntry,
    /** Training photos and their captions, which `generation.neighbours` asks for; see src/retrieval/datastore.ts. */
    datastore: Type.Optional(fileEntry),
    /** Nouns that `decoder.concepts` counts, one a line; see src/concepts/concept_names.ts. */
    concepts: Type.Optional(fileEntry),
  }),
  encoder: Type.Object({
    precision: Type.Union([Type.Literal("fp32"), Type.Literal("fp16"), Type.Literal("int8")]),
    /** Side of the square picture in pixels. */
    size: count,
    regions: count,
    features: count,
  }),
  decoder: Type.Object({
    preset: Type.String({ minLength: 1 }),
    precision: Type.Union([Type.Literal("fp32"), Type.Literal("fp16"), Type.Literal("int8")]),
    /** Units of the state; of the image vector where the decoder reads prefixes. */
    hidden: count,
    /** Units of keys and values; of the image vector where the decoder reads prefixes. */
    keys: count,
    /** Words that each step reads, pre-padded: only decoders that keep no state between words have it. */
    prefix: Type.Optional(count),
    /** Entries of the vocabulary. */
    vocabulary: count,
    /** Nouns that the photo is asked for, of decoders that look at them. */
    concepts: Type.Optional(
      Type.Object({
        /** Nouns that there are. */
        nouns: count,
        /** The likeliest ones, which the decoder looks at beside the regions. */
        slots: count,
      }),
    ),
  }),
  tokenizer: Type.Object({
    rules: Type.Literal("spacy-en"),
    lowercase: Type.Boolean(),
    dropPunctuation: Type.Boolean(),
    /** Words seen less often in training are unknown. */
    minimumCount: count,
  }),
  // The ranges are those of the options that take their place; see src/caption/options.ts.
  generation: Type.Object({
    beams: Type.Integer({ minimum: 1, maximum: 64 }),
    maxWords: Type.Integer({ minimum: 1, maximum: 1000 }),
    /** Exponent of the length by which a beam's log-probability is divided. */
    lengthPenalty: Type.Number({ minimum: 0, maximum: 10 }),
    /** How much the captions of similar training photos have a say in which beam wins; only of several beams. */
    neighbours: Type.Optional(
      Type.Object({
        /** Training photos that are asked. */
        count: Type.Integer({ minimum: 1, maximum: 10_000 }),
        /** What full agreement with their captions adds to a beam's score. */
        weight: Type.Number({ minimum: 0, maximum: 1_000_000 }),
      }),
    ),
    /**
     * Runs of so many words come once in a caption, unless all of them may come again (src/decode/repeatable_words.ts), and
     * no word comes twice in a row. Without it captions are free to repeat themselves.
     */
    noRepeatNgram: Type.Optional(Type.Integer({ minimum: 2, maximum: 10 })),
    /** When a caption is asked to name a concept that it lacks; only of several beams. */
    concepts: Type.Optional(
      Type.Object({
        /** Probability from which a concept is sure. */
        least: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
        /** Concepts that a caption is asked to name. */
        most: Type.Integer({ minimum: 1, maximum: 3 }),
        /** What each of them adds to the score of a caption that names it. */
        reward: Type.Number({ minimum: 0, maximum: 1000 }),
      }),
    ),
  }),
  selfTest: Type.Optional(selfTestSchema),
  /** How sure captions are, fitted by scripts/model/fit_confidence.ts; bundles without it cannot tell. */
  confidence: Type.Optional(confidenceSchema),
  provenance: Type.Object({
    data: Type.String(),
    preset: Type.String(),
    epochs: Type.Integer({ minimum: 0 }),
    seed: Type.Integer(),
    command: Type.String(),
    scores: scoresSchema,
    /** Scores on dev photos of other collections. */
    otherScores: Type.Optional(Type.Array(scoresSchema, { minItems: 1 })),
    licences: Type.Array(Type.Object({ what: Type.String(), licence: Type.String(), source: Type.String() })),
  }),
});

/** What a bundle says of itself. */
export type Manifest = Static<typeof manifestSchema>;

/** The parts of a bundle that are files. */
export type BundlePart = keyof Manifest["files"];

/** Parts that some bundles lack. */
type OptionalPart = "datastore" | "concepts";

/** What a bundle's files hold, by part; some bundles have no datastore or no concepts. */
export type BundleFiles = Readonly<Record<Exclude<BundlePart, OptionalPart>, Uint8Array>> &
  Readonly<Partial<Record<OptionalPart, Uint8Array>>>;

/**
 * Reads the text of a `manifest.json`.
 *
 * @param where Where the text came from, for messages.
 * @throws {EdgecapError} `bundle-version-unsupported` for a manifest of a later release, `bundle-manifest-invalid` for
 *   anything else that is no manifest.
 */
export function parseManifest(text: string, where: string): Manifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new EdgecapError("bundle-manifest-invalid", `"${where}" is no JSON: ${(cause as Error).message}.`, { cause });
  }
  const version = (parsed as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > manifestVersion) {
    throw new EdgecapError(
      "bundle-version-unsupported",
      `"${where}" has schema version ${version}, and this edgecap reads up to ${manifestVersion}: update edgecap.`,
    );
  }
  const error = Errors(manifestSchema, parsed).First();
  if (error !== undefined) {
    throw new EdgecapError(
      "bundle-manifest-invalid",
      `"${where}" is no manifest: at ${error.path || "/"}, ${error.message.toLowerCase()}, but found ${quoted(error.value)}.`,
    );
  }
  const manifest = parsed as Manifest;
  checkLengths(manifest, where);
  return manifest;
}

/** A schema cannot say that lists belong together. */
function checkLengths({ confidence }: Manifest, where: string): void {
  if (confidence === undefined) return;
  for (const name of ["mean", "scale", "weights"] as const) {
    if (confidence[name].length === confidence.features.length) continue;
    throw new EdgecapError(
      "bundle-manifest-invalid",
      `"${where}" is no manifest: /confidence/${name} has ${confidence[name].length} numbers for ${confidence.features.length} features.`,
    );
  }
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
