import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate, evaluateText, type Metrics } from "../../src/evaluation/mod.ts";
import { noShared, sharedFolder } from "../shared.ts";
import { testUnless } from "../skip.ts";

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

function largestDifference({ corpus }: Golden, scores: Metrics): number {
  const { bleu1, bleu2, bleu3, bleu4 } = scores;
  const bleu = [bleu1, bleu2, bleu3, bleu4].map((score, order) => Math.abs(score - corpus.bleu[order]!));
  return Math.max(...bleu, Math.abs(scores.cider - corpus.cider), Math.abs(scores.rougeL - corpus.rougeL));
}

describe("scores of the COCO caption evaluation code", () => {
  const read = () => JSON.parse(readFileSync(join(sharedFolder()!, "golden/metrics.json"), "utf8")) as Golden;

  testUnless(noShared, "evaluate() gives the same from the same tokens, for the corpus and each image", () => {
    const golden = read();
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

  testUnless(noShared, "evaluateText() gives the same from the raw captions", () => {
    const golden = read();
    const scores = evaluateText(golden.items.map(({ image, ...item }) => ({ id: image, ...item })));
    expect(largestDifference(golden, scores)).toBeLessThan(1e-9);
  });
});
