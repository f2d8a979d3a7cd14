import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { decodeModel, type GraphValue } from "../src/export/mod.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url));
const page = read("docs/how_it_works.md").toString();
const picture = read("docs/images/how_it_works.svg").toString();
const manifest = JSON.parse(read("models/default/manifest.json").toString());

/** A shape as the page writes it: that of one photo. */
function shapeOf({ shape }: GraphValue): string {
  return `[${shape!.map((length) => (length === "batch" || length === "images" ? 1 : length)).join(", ")}]`;
}

describe("docs/how_it_works.md", () => {
  for (const name of ["encoder", "decoder_init", "decoder_step"]) {
    test(`says what the inputs and outputs of ${name}.onnx are`, () => {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}.onnx\` |`))!;
      const [, , takes, gives] = row.split("|");
      const { inputs, outputs } = decodeModel(read(`models/default/${name}.onnx`));
      for (const [cell, values] of [
        [takes!, inputs],
        [gives!, outputs],
      ] as const) {
        const named = [...cell.matchAll(/[a-z_]+(?=[ ,;])/g)]
          .map((found) => found[0])
          .filter((word) => word !== "beams");
        expect(named.sort()).toEqual(values.map((value) => value.name).sort());
        // Keys and values are those of decoder_init: their shape stands there.
        const shapes = values.filter((value) => inputs !== values || !["keys", "values"].includes(value.name));
        for (const value of shapes)
          expect([value.name, cell]).toEqual([value.name, expect.stringContaining(shapeOf(value))]);
      }
    });
  }

  test("and its picture speak of the default bundle", () => {
    const { encoder, decoder, generation } = manifest;
    const words = decoder.vocabulary.toLocaleString("en");
    for (const shape of [
      `[1, ${encoder.size}, ${encoder.size}, 3]`,
      `[1, ${encoder.regions}, ${encoder.features}]`,
      `[1, ${encoder.regions + decoder.concepts.slots}, ${decoder.keys}]`,
      `[1, beams, ${decoder.hidden}]`,
      `[1, beams, ${decoder.vocabulary}]`,
    ]) {
      expect([shape, page]).toEqual([shape, expect.stringContaining(shape)]);
      expect([shape, picture]).toEqual([shape, expect.stringContaining(shape)]);
    }
    for (const text of [words, `${generation.neighbours.count} `]) {
      expect(page).toContain(text);
      expect(picture).toContain(text);
    }
    expect(picture).toContain(`${generation.beams} beams`);
  });
});
