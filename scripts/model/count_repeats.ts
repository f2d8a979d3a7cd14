/**
 * Counts and prints the captions of a results file that repeat something.
 *
 * usage: bun scripts/model/count_repeats.ts RESULTS
 *
 * RESULTS is a file from `edgecap batch` or `edgecap caption --json`, or of `image<TAB>caption` lines. See
 * scripts/model/repeats.ts for what counts.
 */
import { parseArgs } from "node:util";
import { readHypotheses } from "../../src/dataset/hypotheses_file.ts";
import { EdgecapError } from "../../src/errors.ts";
import { textModule } from "../../src/text/text_module.ts";
import { tokenize } from "../../src/text/tokenizer.ts";
import { type Repeat, repeatsIn } from "./repeats.ts";

const { positionals } = parseArgs({ allowPositionals: true });
const [file, ...others] = positionals;
if (file === undefined || others.length > 0) throw new EdgecapError("option-invalid", "Give one file of results.");
await textModule();
const { captions } = await readHypotheses(file);
const counts = new Map<Repeat["kind"], number>();
let repeating = 0;
for (const [image, caption] of captions) {
  const repeats = repeatsIn(tokenize(caption));
  if (repeats.length === 0) continue;
  repeating++;
  for (const kind of new Set(repeats.map(({ kind }) => kind))) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  process.stdout.write(`${image}\t${caption}\t${[...new Set(repeats.map(({ phrase }) => phrase))].join(", ")}\n`);
}
const kinds = [...counts].map(([kind, count]) => `${kind}: ${count}`).join("; ");
process.stdout.write(`${repeating} of ${captions.size} captions repeat themselves${kinds && ` (${kinds})`}\n`);
