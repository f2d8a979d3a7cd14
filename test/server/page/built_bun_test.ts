import { expect, test } from "bun:test";
import { buildPage, builtFile } from "../../../scripts/build/build_page.ts";

test("the committed page is what its sources give: where not, run bun run build:page", async () => {
  expect((await buildPage()) === (await Bun.file(builtFile).text())).toBe(true);
});
