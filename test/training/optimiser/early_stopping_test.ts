import { describe, expect, test } from "bun:test";
import { shouldStop } from "../../../src/training/optimiser/early_stopping.ts";

describe("shouldStop()", () => {
  test("stops once the best score is as many epochs old as the patience", () => {
    expect(shouldStop([0.1, 0.3, 0.2], 2)).toBe(false);
    expect(shouldStop([0.1, 0.3, 0.2, 0.3], 2)).toBe(true);
    expect(shouldStop([0.1, 0.2, 0.3], 1)).toBe(false);
  });

  test("never stops without patience, or before the first epoch", () => {
    expect(shouldStop([3, 2, 1], undefined)).toBe(false);
    expect(shouldStop([3, 2, 1], 0)).toBe(false);
    expect(shouldStop([], 1)).toBe(false);
  });
});
