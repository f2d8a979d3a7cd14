/** Every limit of a manifest, at its ends; docs/bundles.md describes what they are for. */
import { describe, expect, test } from "bun:test";
import { manifestVersion, parseManifest } from "../../src/bundle/manifest.ts";
import { EdgecapError } from "../../src/errors.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

const scores = { split: "dev", beams: 1, bleu1: 0, bleu2: 0, bleu3: 0, bleu4: 0, rougeL: 0, cider: 0 };
const file = { path: "more.bin", bytes: 1, sha256: "0".repeat(64) };
const { description: manifest } = tinyBundle();
/** A manifest with all of its optional parts. */
const whole = {
  ...manifest,
  schemaVersion: manifestVersion,
  files: {
    encoder: { ...file, changes: [[0, 1]] },
    decoderInit: file,
    decoderStep: file,
    vocabulary: file,
    datastore: file,
    concepts: file,
  },
  decoder: { ...manifest.decoder, prefix: 3, concepts: { nouns: 5, slots: 2 } },
  generation: {
    ...{ beams: 3, maxWords: 20, lengthPenalty: 0.7, noRepeatNgram: 2 },
    neighbours: { count: 5, weight: 1 },
    concepts: { least: 0.5, most: 2, reward: 1, rewardOfOnly: 4 },
  },
  selfTest: { picture: 0, tokens: [5], features: Array(64).fill(0.5), tolerance: 0.1 },
  confidence: { features: ["a"], mean: [0], scale: [1], weights: [1], bias: 0 },
  provenance: { ...manifest.provenance, scores, otherScores: [scores] },
};

/** The manifest with another value at a path such as `files/encoder/bytes`; without the value, it is left out. */
function changed(path: string, value?: unknown): string {
  const copy = JSON.parse(JSON.stringify(whole)) as Record<string, unknown>;
  const names = path.split("/");
  let at = copy;
  for (const name of names.slice(0, -1)) at = at[name] as Record<string, unknown>;
  if (value === undefined) delete at[names.at(-1)!];
  else at[names.at(-1)!] = value;
  return JSON.stringify(copy);
}

/** What is said against a manifest; empty if it is accepted. */
function fault(json: string): string {
  try {
    parseManifest(json, "here");
    return "";
  } catch (error) {
    if (error instanceof EdgecapError && error.code === "bundle-manifest-invalid") return error.message;
    throw error;
  }
}

const count: [good: unknown[], bad: unknown[]] = [
  [1, 1e9],
  [0, -1, 1.5, "1", null],
];
const score: typeof count = [
  [0, 0.5, 3],
  [-0.1, "0", null],
];
const path: typeof count = [
  ["a.onnx", "A_b-1.x.onnx", "_", "../other/a.onnx", "../a.b/c"],
  ["", ".", "..", ".a", "a/b", "/a", "../a", "../../a/b", "../.a/b", "../a/.b", "../a/b/c", "a\\b", "a\n", "ä", 1],
];
const sha256: typeof count = [
  ["f".repeat(64), "0123456789abcdef".repeat(4)],
  ["f".repeat(63), "f".repeat(65), "F".repeat(64), "g".repeat(64), ` ${"f".repeat(63)}`],
];
const filled: typeof count = [["a"], ["", 1, null]];
const anyText: typeof count = [
  ["", "a"],
  [1, null],
];
const precision: typeof count = [
  ["fp32", "fp16", "int8"],
  ["fp64", "", 8],
];
const truth: typeof count = [
  [true, false],
  ["true", 1, null],
];

/** Values of each part that a manifest may and may not have. */
const parts: Readonly<Record<string, typeof count>> = {
  schemaVersion: [[manifestVersion], [0, "1"]],
  name: filled,
  version: filled,
  "files/encoder/path": path,
  "files/concepts/path": path,
  "files/encoder/bytes": [
    [0, 2 ** 31 - 1],
    [-1, 2 ** 31, 0.5],
  ],
  "files/vocabulary/sha256": sha256,
  "files/encoder/changes": [
    [
      [
        [0, 0],
        [1e9, 255],
      ],
      Array(256).fill([1, 2]),
    ],
    [[], Array(257).fill([1, 2]), [[-1, 0]], [[0, -1]], [[0, 256]], [[0.5, 1]], [[1, 0.5]], [[1]], [[1, 2, 3]]],
  ],
  "encoder/precision": precision,
  "encoder/size": count,
  "encoder/regions": count,
  "encoder/features": count,
  "decoder/preset": filled,
  "decoder/precision": precision,
  "decoder/hidden": count,
  "decoder/keys": count,
  "decoder/prefix": count,
  "decoder/vocabulary": count,
  "decoder/concepts/nouns": count,
  "decoder/concepts/slots": count,
  "tokenizer/rules": [["spacy-en"], ["spacy", "", null]],
  "tokenizer/lowercase": truth,
  "tokenizer/dropPunctuation": truth,
  "tokenizer/minimumCount": count,
  "generation/beams": [
    [1, 64],
    [0, 65, 1.5],
  ],
  "generation/maxWords": [
    [1, 1000],
    [0, 1001, 1.5],
  ],
  "generation/lengthPenalty": [
    [0, 0.5, 10],
    [-0.1, 10.1],
  ],
  "generation/neighbours/count": [
    [1, 10_000],
    [0, 10_001, 1.5],
  ],
  "generation/neighbours/weight": [
    [0, 0.5, 1_000_000],
    [-0.1, 1_000_000.5],
  ],
  "generation/noRepeatNgram": [
    [1, 10],
    [0, 11, 1.5],
  ],
  "generation/concepts/least": [
    [1e-9, 1],
    [0, -1, 1.1],
  ],
  "generation/concepts/most": [
    [1, 3],
    [0, 4, 1.5],
  ],
  "generation/concepts/reward": [
    [0, 1000],
    [-0.1, 1000.5],
  ],
  "generation/concepts/rewardOfOnly": [
    [0, 1000],
    [-0.1, 1000.5],
  ],
  "selfTest/picture": [
    [0, 7],
    [-1, 0.5],
  ],
  "selfTest/tokens": [
    [[0], [1, 2]],
    [[], [-1], [0.5], 3],
  ],
  "selfTest/features": [[Array(64).fill(-1.5)], [Array(63).fill(1), Array(65).fill(1), Array(64).fill("1")]],
  "selfTest/tolerance": [
    [1e-9, 1],
    [0, 1.1],
  ],
  "confidence/features": [[["b"]], [[], [""], [1], "a"]],
  "confidence/mean": [
    [[-1e6], [1e6]],
    [[], [-1e6 - 1], [1e6 + 1], ["1"]],
  ],
  "confidence/scale": [
    [[1e-9], [1e6]],
    [[], [0], [1e6 + 1]],
  ],
  "confidence/weights": [
    [[-1e6], [1e6]],
    [[], [-1e6 - 1], [1e6 + 1]],
  ],
  "confidence/bias": [
    [-1e6, 1e6],
    [-1e6 - 1, 1e6 + 1, "0"],
  ],
  "provenance/data": anyText,
  "provenance/preset": anyText,
  "provenance/epochs": [
    [0, 3],
    [-1, 0.5],
  ],
  "provenance/seed": [[-3, 0, 3], [0.5]],
  "provenance/command": anyText,
  ...Object.fromEntries(
    ["bleu1", "bleu2", "bleu3", "bleu4", "rougeL", "cider"].map((name) => [`provenance/scores/${name}`, score]),
  ),
  "provenance/scores/split": anyText,
  "provenance/scores/beams": count,
  "provenance/otherScores": [[[scores, scores]], [[], [{ ...scores, cider: -1 }]]],
  "provenance/licences": [
    [[], [{ what: "", licence: "", source: "" }]],
    [[{ what: "", licence: "" }], [{ what: "", licence: 1, source: "" }], [{ licence: "", source: "" }], {}],
  ],
};

/** Parts that a manifest may lack. */
const optionalParts = [
  ...["files/datastore", "files/concepts", "files/encoder/changes", "decoder/prefix", "decoder/concepts"],
  ...["generation/neighbours", "generation/noRepeatNgram", "generation/concepts", "generation/concepts/rewardOfOnly"],
  ...["selfTest", "confidence", "provenance/otherScores"],
];

describe("parseManifest()", () => {
  test("accepts a manifest with everything, and gives all of it", () => {
    expect(parseManifest(JSON.stringify(whole), "here")).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  for (const [part, [good, bad]] of Object.entries(parts)) {
    test(`holds ${part} to its limits, and names it`, () => {
      for (const value of good) expect([value, fault(changed(part, value))]).toEqual([value, ""]);
      for (const value of bad)
        expect([value, fault(changed(part, value))]).toEqual([value, expect.stringContaining(part)]);
    });
  }

  test("may lack some parts, and needs the others", () => {
    for (const part of optionalParts) expect([part, fault(changed(part))]).toEqual([part, ""]);
    const needed = [
      ...Object.keys(parts).filter((part) => !optionalParts.includes(part)),
      ...["files", "files/encoder", "files/decoderInit", "files/decoderStep", "files/vocabulary", "encoder", "decoder"],
      ...["tokenizer", "generation", "provenance", "provenance/scores"],
    ];
    for (const part of needed) expect([part, fault(changed(part))]).toEqual([part, expect.stringContaining(part)]);
  });

  test("holds the lists of the confidence model to one length, up to 100", () => {
    const model = (length: number, more: object = {}) => ({
      features: Array.from({ length }, (_, at) => `f${at}`),
      ...{
        mean: Array(length).fill(0),
        scale: Array(length).fill(1),
        weights: Array(length).fill(1),
        bias: 0,
        ...more,
      },
    });
    expect(fault(changed("confidence", model(100)))).toBe("");
    expect(fault(changed("confidence", model(101)))).toContain("/confidence/features");
    expect(fault(changed("confidence", model(2, { features: ["a", "a"] })))).toContain("/confidence/features");
    for (const name of ["mean", "scale", "weights"]) {
      for (const length of [1, 3])
        expect(fault(changed("confidence", model(2, { [name]: Array(length).fill(1) })))).toBe(
          `"here" is not a valid manifest: /confidence/${name} has ${length} numbers for 2 features.`,
        );
      expect(fault(changed("confidence", model(100, { [name]: Array(101).fill(1) })))).toContain(`/confidence/${name}`);
    }
  });

  test("says what is wrong in one line of bounded length", () => {
    expect(fault(changed("name", 5))).toBe('"here" is not a valid manifest: at /name, expected string, but found 5.');
    expect(fault(changed("name"))).toContain("but found nothing.");
    for (const value of [null, [], "text", 7]) expect(fault(JSON.stringify(value))).toContain("at /, expected object");
    const exact = fault(changed("encoder/size", "x".repeat(78)));
    expect(exact).toContain(`but found "${"x".repeat(78)}".`);
    expect(fault(changed("encoder/size", "x".repeat(79)))).toContain(`but found "${"x".repeat(76)}....`);
    expect(fault("{")).toMatch(/^"here" is not JSON: .+\.$/);
  });

  test("distinguishes a later version", () => {
    const version = (value: unknown) => {
      try {
        parseManifest(changed("schemaVersion", value), "here");
        return "accepted";
      } catch (error) {
        return (error as EdgecapError).code;
      }
    };
    expect([manifestVersion, manifestVersion + 1, manifestVersion + 0.5, 0, "9"].map(version)).toEqual([
      "accepted",
      "bundle-version-unsupported",
      "bundle-version-unsupported",
      "bundle-manifest-invalid",
      "bundle-manifest-invalid",
    ]);
  });
});
