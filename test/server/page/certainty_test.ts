import { expect, test } from "bun:test";
import { certaintyOf, percent } from "../../../src/server/page/client/certainty.ts";

test("certaintyOf() says chances in words, the bounds belonging to the surer ones", () => {
  expect([1, 0.8, 0.799, 0.5, 0.499, 0].map(certaintyOf)).toEqual([
    ...["sure", "sure", "fairly sure", "fairly sure", "a guess", "a guess"],
  ] as ReturnType<typeof certaintyOf>[]);
});

test("percent() rounds to whole numbers", () => {
  expect([0, 0.005, 0.614, 1].map(percent)).toEqual(["0 %", "1 %", "61 %", "100 %"]);
});
