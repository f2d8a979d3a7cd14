/**
 * Runs the text crate and the reference implementations in TypeScript, once for each line on standard input, and prints
 * the milliseconds of each.
 *
 * usage: bun scripts/bench/run_text_crate.ts
 */
import { createInterface } from "node:readline";
import { Search } from "../../src/decode/search.ts";
import { textModule } from "../../src/text/text_module.ts";
import { tokenize } from "../../src/text/tokenizer.ts";
import { referenceSearch } from "../../test/reference/search.ts";
import { referenceTokenize } from "../../test/reference/tokenizer.ts";

await textModule();
const text = Array.from(
  { length: 500 },
  (_, i) => `A man's dog doesn't run (${i}) on the well-kept grass, near New York at 5pm.`,
);
const vocabulary = 3000;
const logits = Float32Array.from({ length: vocabulary }, (_, i) => Math.sin(i * 12.9898) * 5);
const options = { vocabulary, beams: 5, maxWords: 16, lengthPenalty: 0.7 };
const works: Readonly<Record<string, () => void>> = {
  "tokenizer of 500 captions, Rust": () => {
    for (const line of text) tokenize(line);
  },
  "tokenizer of 500 captions, TypeScript": () => {
    for (const line of text) referenceTokenize(line);
  },
  "search of 16 words, 5 beams, Rust": () => {
    using search = new Search(options);
    do {
      for (let beam = 0; beam < search.live(); beam++) search.logits().set(logits, beam * vocabulary);
    } while (search.advance());
    search.results(1);
  },
  "search of 16 words, 5 beams, TypeScript": () => {
    referenceSearch(options, () => logits);
  },
};

function round(): Record<string, number> {
  return Object.fromEntries(
    Object.entries(works).map(([name, work]) => {
      const started = performance.now();
      work();
      return [name, performance.now() - started];
    }),
  );
}

for (let i = 0; i < 3; i++) round();
process.stdout.write("ready\n");
for await (const _ of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(round())}\n`);
