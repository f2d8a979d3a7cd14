import { expect, test } from "bun:test";
import fc from "fast-check";
import { withoutNuls } from "../../src/files/without_nuls.ts";
import { processorTime } from "../processor_time.ts";

test("withoutNuls() takes away the NULs at the end alone", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("\0", "a", " ", "\u{1f436}") }),
      fc.nat({ max: 5 }),
      (text, count) => {
        const found = withoutNuls(text + "\0".repeat(count));
        expect(found).toBe(text.replace(/\0+$/, ""));
      },
    ),
  );
});

test("withoutNuls() takes little time for millions that are not at the end", () => {
  const took = processorTime();
  const text = `${"\0".repeat(4_000_000)}x`;
  expect(withoutNuls(text)).toBe(text);
  expect(withoutNuls("\0".repeat(4_000_000))).toBe("");
  expect(took()).toBeLessThan(1000);
});
