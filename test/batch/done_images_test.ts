import { expect, test } from "bun:test";
import fc from "fast-check";
import { DoneImages } from "../../src/batch/done_images.ts";

test("DoneImages is a set of paths", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 3000 }), (paths) => {
      const done = new DoneImages();
      const expected = new Set<string>();
      for (const path of paths) {
        expect(done.add(path)).toBe(!expected.has(path));
        expected.add(path);
        expect(done.size).toBe(expected.size);
      }
    }),
    { numRuns: 30 },
  );
});

test("DoneImages holds many", () => {
  const done = new DoneImages();
  for (let i = 0; i < 100_000; i++) done.add(`archive/${i}.jpg`);
  expect(done.size).toBe(100_000);
  for (let i = 0; i < 100_000; i += 997) expect(done.add(`archive/${i}.jpg`)).toBe(false);
  expect(done.add("archive/100000.jpg")).toBe(true);
});
