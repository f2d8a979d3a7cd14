import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseManifest } from "../../src/bundle/manifest.ts";
import { ConfidenceModel } from "../../src/confidence/confidence_model.ts";
import { type Evidence, evidenceNames } from "../../src/confidence/evidence.ts";
import { codeOf } from "../code_of.ts";
import { tinyBundleFiles } from "../fixtures/tiny_bundle.ts";

const evidence = Object.fromEntries(evidenceNames.map((name, i) => [name, i])) as Evidence;
const fit = { features: ["words", "nouns"], mean: [1, 2], scale: [2, 0.5], weights: [0.4, -0.1], bias: 0.3 };

describe("ConfidenceModel", () => {
  test("is the logistic function of the weighted evidence", () => {
    const place = (name: string) => (evidenceNames as readonly string[]).indexOf(name);
    const sum = 0.3 + (0.4 * (place("words") - 1)) / 2 + (-0.1 * (place("nouns") - 2)) / 0.5;
    expect(new ConfidenceModel(fit, "here").confidence(evidence)).toBeCloseTo(1 / (1 + Math.exp(-sum)), 12);
  });

  test("is a probability for any weights", () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (weight, bias, scale) => {
        const wild = { features: ["words"], mean: [0], scale: [scale], weights: [weight], bias };
        const found = new ConfidenceModel(wild, "here").confidence(evidence);
        expect(found >= 0 && found <= 1).toBe(true);
      }),
    );
  });

  test("refuses evidence that it does not know", async () => {
    const newer = { ...fit, features: ["words", "smell"] };
    expect(await codeOf((async () => new ConfidenceModel(newer, "here"))())).toBe("bundle-manifest-invalid");
  });
});

describe("a manifest's confidence", () => {
  const withFit = async (confidence: unknown) => {
    const text = new TextDecoder().decode((await tinyBundleFiles()).get("manifest.json"));
    return parseManifest(JSON.stringify({ ...JSON.parse(text), confidence }), "here");
  };

  test("is read", async () => {
    expect((await withFit(fit)).confidence).toEqual(fit);
    expect((await withFit(undefined)).confidence).toBe(undefined);
  });

  test("is refused if lengths, ranges or names are wrong", async () => {
    const wrong: Partial<Record<keyof typeof fit, unknown>>[] = [
      { mean: [1] },
      { scale: [1, 0] },
      { scale: [1] },
      { weights: [1, 2, 3] },
      { weights: [1, null] },
      { weights: [1, 1e7] },
      { bias: "0" },
      { features: ["words", "words"] },
      { features: [] },
    ];
    for (const change of wrong) {
      expect([change, await codeOf(withFit({ ...fit, ...change }))]).toEqual([change, "bundle-manifest-invalid"]);
    }
  });
});
