import { expect, test } from "bun:test";
import { countsOf, progressOf, summaryOf } from "../../../../src/server/page/client/grid/summary.ts";
import { Speech } from "../../../../src/server/page/client/language/speech.ts";

test("the summary counts every photo once, and says what needs a person", () => {
  const counts = countsOf(["done", "unsure", "unsure", "failed", "working", "waiting", "waiting"]);
  expect(progressOf(counts)).toEqual({ ended: 4, all: 7 });
  const english = new Speech("en");
  expect(summaryOf(counts, { stopped: false }, english)).toBe("4 of 7 done · 1 failed · 2 to check");
  expect(summaryOf(counts, { stopped: true, pause: 3 }, english)).toContain("Stopped, 2 are waiting");
  expect(summaryOf(counts, { stopped: false, pause: 3 }, english)).toContain("trying again in 3 seconds.");
  expect(summaryOf(countsOf([]), { stopped: false }, new Speech("ja"))).toBe("0 枚中 0 枚完了");
});
