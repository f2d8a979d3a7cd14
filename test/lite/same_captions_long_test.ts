/** Compares captions of edgecap/lite with those of the library on the backend `rust`, number for number. */
import { expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { load as loadLite } from "../../src/lite/mod.ts";
import { type Caption, load } from "../../src/mod.ts";
import { flatPng } from "../image/made_pictures.ts";
import { bundleFile, modules } from "./lite_files.ts";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));

/** Everything in a caption except its times. */
const said = ({ timing: _, ...rest }: Caption) => rest;

/** A bitmap of these colours, three bytes a pixel. */
function bitmap(width: number, height: number, colours: Uint8Array): Uint8Array {
  const row = Math.ceil((3 * width) / 4) * 4;
  const bytes = new Uint8Array(54 + row * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  for (const [at, value] of [
    [2, bytes.length],
    [10, 54],
    [14, 40],
    [18, width],
    [22, height],
    [34, row * height],
  ] as const)
    view.setUint32(at, value, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let i = 54; i < bytes.length; i++) bytes[i] = colours[i % colours.length]!;
  return bytes;
}

test("edgecap/lite captions as the backend rust does", async () => {
  const lite = await loadLite({ bundle: bundleFile, modules });
  const library = await load({ backend: "rust" });
  const compare = async (picture: Uint8Array, options = {}) => {
    expect(said(await lite.caption(picture, options))).toEqual(said(await library.caption(picture, options)));
  };
  const photos = globSync("*.jpg", { cwd: examples });
  expect(photos.length).toBeGreaterThanOrEqual(5);
  for (const name of photos) {
    const photo = readFileSync(`${examples}${name}`);
    await compare(photo);
    await compare(photo, { attention: true, alternatives: 2, neutral: true, maxCharacters: 40 });
    await compare(photo, { temperature: 1, seed: 3, minConfidence: 0.5 });
  }
  await compare(flatPng(3, 5));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      fc.uint8Array({ minLength: 1, maxLength: 3000 }),
      async (width, height, colours) => await compare(bitmap(width, height, colours), { beams: 2 }),
    ),
    { numRuns: 10 },
  );
  const words: unknown[] = [];
  for await (const event of lite.stream(readFileSync(`${examples}chelsea.jpg`), { beams: 1 })) words.push(event.type);
  expect(words.slice(-2)).toEqual(["word", "caption"]);
  await lite.close();
  await library.close();
});
