/**
 * Computes the stored answer that backends are tested with on the backend `wasm`, and writes it into a bundle's
 * manifest.
 *
 * usage: bun scripts/model/self_test.ts [FOLDER, default models/default]
 *
 * `scripts/model/train.ts` and `edgecap train` write it themselves; use this for older or hand-made bundles.
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { selfTestOf } from "../../src/model/stored_answer.ts";
import { runMain } from "../run_main.ts";

await runMain(async () => {
  const folder = resolve(process.argv[2] ?? fileURLToPath(defaultBundle));
  const { manifest, files } = await loadBundle(folder);
  const selfTest = await selfTestOf(files, manifest);
  const { provenance, selfTest: _, ...rest } = manifest;
  const path = join(folder, "manifest.json");
  await writeAtomically(path, `${JSON.stringify({ ...rest, selfTest, provenance }, null, 2)}\n`);
  console.log(`Wrote the test of "${path}": picture ${selfTest.picture}, ${selfTest.tokens.length} words.`);
});
