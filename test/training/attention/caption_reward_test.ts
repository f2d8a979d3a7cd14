import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CaptionReward, leaveOneOut } from "../../../src/training/attention/caption_reward.ts";

const photos = [
  { image: "dog.jpg", captions: [Int32Array.of(4, 5, 6, 7, 8), Int32Array.of(4, 5, 6, 9)] },
  { image: "cat.jpg", captions: [Int32Array.of(4, 10, 6, 11, 12), Int32Array.of(4, 10, 3)] },
  { image: "sea.jpg", captions: [Int32Array.of(4, 13, 14, 15), Int32Array.of(4, 13, 16, 17)] },
];

describe("CaptionReward", () => {
  test("rewards the words that people wrote for that photo, in their order", () => {
    const reward = new CaptionReward(photos, 0.5);
    const right = reward.of("dog.jpg", Int32Array.of(4, 5, 6, 7, 8), true);
    expect(right).toBeGreaterThan(reward.of("dog.jpg", Int32Array.of(8, 7, 6, 5, 4), true));
    expect(right).toBeGreaterThan(reward.of("cat.jpg", Int32Array.of(4, 5, 6, 7, 8), true));
  });

  test("rewards an end", () => {
    const reward = new CaptionReward(photos, 0);
    const words = Int32Array.of(4, 5, 6, 7, 8);
    expect(reward.of("dog.jpg", words, true)).toBeGreaterThan(reward.of("dog.jpg", words, false));
    expect(reward.of("dog.jpg", words, true)).toBeGreaterThan(reward.of("dog.jpg", words.subarray(0, 4), true));
  });

  test("gives no reward for an unknown word, even if people wrote one", () => {
    const reward = new CaptionReward(photos, 0);
    expect(reward.of("cat.jpg", Int32Array.of(3), false)).toBe(0);
  });
});

describe("leaveOneOut()", () => {
  test("sums to zero, and is zero for equal rewards", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 2, maxLength: 8 }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (rewards, same) => {
          expect(Math.abs(leaveOneOut(rewards).reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-9);
          for (const value of leaveOneOut([same, same, same])) expect(Math.abs(value)).toBeLessThan(1e-9);
        },
      ),
    );
    expect(leaveOneOut([1, 0, 0.5])).toEqual([0.75, -0.75, 0]);
  });
});
