import { describe, expect, test } from "bun:test";
import { rougeL } from "../../src/evaluation/mod.ts";

describe("rougeL()", () => {
  test("takes the longest common subsequence, which need not be adjacent", () => {
    // Shared: police, the, gunman; 3 of 4 words either way, so that beta does not matter.
    expect(rougeL(["police", "kill", "the", "gunman"], [["police", "killed", "the", "gunman"]])).toBeCloseTo(0.75, 12);
  });

  test("joins the best precision and the best recall of different references", () => {
    // Precision 1 comes from the first, recall 1 from the second.
    expect(rougeL(["a", "dog"], [["a", "dog", "runs"], ["dog"]])).toBeCloseTo(1, 12);
  });

  test("weighs recall above precision", () => {
    const longer = rougeL(["a", "b", "c", "d"], [["a", "b"]]);
    const shorter = rougeL(["a", "b"], [["a", "b", "c", "d"]]);
    expect(longer).toBeCloseTo((2.44 * 0.5) / (1 + 1.44 * 0.5), 12);
    expect(shorter).toBeLessThan(longer);
  });

  test("gives 0 if nothing is shared or the caption is empty", () => {
    expect(rougeL(["a"], [["b"]])).toBe(0);
    expect(rougeL([], [["b"], []])).toBe(0);
  });
});
