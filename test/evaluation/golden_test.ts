import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate, evaluateText, type Metrics } from "../../src/evaluation/mod.ts";
import { sharedFolder } from "../shared.ts";

interface Golden {
  readonly corpus: { readonly bleu: readonly number[]; readonly cider: number; readonly rougeL: number };
  readonly items: readonly {
    readonly image: string;
    readonly hypothesis: string;
    readonly references: readonly string[];
    readonly tokens: { readonly hypothesis: string; readonly references: readonly string[] };
    readonly cider: number;
    readonly rougeL: number;
  }[];
}

const folder = sharedFolder();

function largestDifference({ corpus }: Golden, scores: Metrics): number {
  const { bleu1, bleu2, bleu3, bleu4 } = scores;
  const bleu = [bleu1, bleu2, bleu3, bleu4].map((score, order) => Math.abs(score - corpus.bleu[order]!));
  return Math.max(...bleu, Math.abs(scores.cider - corpus.cider), Math.abs(scores.rougeL - corpus.rougeL));
}

describe("scores of the COCO caption evaluation code", () => {
  if (folder === undefined) return;
  const golden = JSON.parse(readFileSync(join(folder, "golden/metrics.json"), "utf8")) as Golden;

  test("evaluate() gives them from the same tokens, for the corpus and each image", () => {
    const scores = evaluate(
      golden.items.map(({ image, tokens }) => ({
        id: image,
        hypothesis: tokens.hypothesis.split(" "),
        references: tokens.references.map((reference) => reference.split(" ")),
      })),
      { perImage: true },
    );
    expect(largestDifference(golden, scores)).toBeLessThan(1e-9);
    for (const [place, item] of golden.items.entries()) {
      expect(scores.perImage![place]!.cider).toBeCloseTo(item.cider, 9);
      expect(scores.perImage![place]!.rougeL).toBeCloseTo(item.rougeL, 9);
    }
  });

  test("evaluateText() gives them from the raw captions", () => {
    const scores = evaluateText(golden.items.map(({ image, ...item }) => ({ id: image, ...item })));
    expect(largestDifference(golden, scores)).toBeLessThan(1e-9);
  });
});
