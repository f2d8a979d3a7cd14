/**
 * Draws 60 pictures without a scene: blank ones, gradients, noise, documents, screens, logos, charts, patterns, codes.
 *
 * usage: bun scripts/model/make_nonscenes.ts --out DIR [--seed 1] [--variants judged|fitting]
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EdgecapError } from "../../src/errors.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { drawNonScenes, judgedNonScenes } from "./nonscenes/draw_nonscenes.ts";

const { values: flags } = parseArgs({
  options: {
    out: { type: "string" },
    seed: { type: "string", default: String(judgedNonScenes.seed) },
    variants: { type: "string", default: judgedNonScenes.variants },
  },
});
const { out, variants, seed } = flags;
if (out === undefined || !/^\d+$/.test(seed) || (variants !== "judged" && variants !== "fitting")) {
  throw new EdgecapError("option-invalid", "Give --out, a whole number to --seed, judged or fitting to --variants.");
}
await mkdir(out, { recursive: true });
for (const { name, png } of drawNonScenes({ variants, seed: Number(seed) }))
  await writeAtomically(join(out, name), png);
