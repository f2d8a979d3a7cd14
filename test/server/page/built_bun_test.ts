import { expect, test } from "bun:test";
import { buildApiPage, builtApiPageFile } from "../../../scripts/build/build_api_page.ts";
import { buildPage, builtFile } from "../../../scripts/build/build_page.ts";

test("the committed page is built from its sources: if not, run bun run build:page", async () => {
  expect((await buildPage()) === (await Bun.file(builtFile).text())).toBe(true);
});

test("so is the reader of the interface", async () => {
  // Compressors differ between releases of zlib: what they hold counts.
  const unpacked = (module: string) =>
    module.replace(/"gzip": "([^"]*)"/, (_, packed: string) =>
      Bun.gunzipSync(Buffer.from(packed, "base64")).toString(),
    );
  expect(unpacked(await buildApiPage()) === unpacked(await Bun.file(builtApiPageFile).text())).toBe(true);
});
