import { expect, test } from "bun:test";
import { certaintyOf } from "../../../src/server/page/client/certainty.ts";

test("certaintyOf() puts chances in words; the bounds belong to the surer side", () => {
  expect([1, 0.8, 0.799, 0.5, 0.499, 0].map(certaintyOf)).toEqual([
    ...["sure", "sure", "fairlySure", "fairlySure", "guess", "guess"],
  ] as ReturnType<typeof certaintyOf>[]);
});
