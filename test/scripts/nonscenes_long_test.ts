import { beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { drawNonScenes, fittingNonScenes, judgedNonScenes } from "../../scripts/model/nonscenes/draw_nonscenes.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { imageModule } from "../../src/image/image_module.ts";

const hashOf = (png: Uint8Array) => createHash("sha256").update(png).digest("hex");

describe("drawNonScenes()", () => {
  beforeAll(async () => {
    await imageModule();
  });

  test("draws 60 pictures that can be read, the same each time", async () => {
    const first = [...drawNonScenes(judgedNonScenes)];
    expect(new Set(first.map(({ name }) => name)).size).toBe(60);
    expect([...drawNonScenes(judgedNonScenes)].map(({ png }) => hashOf(png))).toEqual(
      first.map(({ png }) => hashOf(png)),
    );
    for (const { name, png } of first.filter((_, place) => place % 5 === 0)) {
      const { rgb, size } = await decodeImage(png, { size: { atMost: 320 } });
      expect([name, size]).toEqual([name, { width: 320, height: 240 }]);
      expect(rgb.length).toBe(320 * 240 * 3);
    }
  });

  test("does not fit on the pictures that it is judged on", () => {
    const judged = new Set([...drawNonScenes(judgedNonScenes)].map(({ png }) => hashOf(png)));
    for (const { png } of drawNonScenes(fittingNonScenes)) expect(judged.has(hashOf(png))).toBe(false);
  });
});
