/**
 * Measures how many of a caption's nouns survive small changes to the photo. docs/reliability.md has the table.
 *
 * usage: bun scripts/check/measure_changes.ts [--images ../shared/flickr8k/Images] [--list
 * ../shared/flickr8k/devImages.txt] [--count 200] [--bundle fast]
 *
 * Photos are spread evenly over the list. Nouns are those of src/concepts/nouns.txt, as confidence counts them.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { NounFinder, parseNouns } from "../../src/concepts/noun_table.ts";
import { tokenizePtb } from "../../src/evaluation/ptb_tokenizer.ts";
import { load } from "../../src/mod.ts";
import { describeProcessor } from "../../src/platform/processor.ts";
import { photoChanges } from "./changes/photo_changes.ts";

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "../shared/flickr8k/Images" },
    list: { type: "string", default: "../shared/flickr8k/devImages.txt" },
    count: { type: "string", default: "200" },
    bundle: { type: "string", default: "fast" },
  },
});
if (!existsSync(values.list)) {
  console.error(`"${values.list}" does not exist: give your own photos with --images and --list.`);
  process.exit(2);
}
const names = readFileSync(values.list, "utf8")
  .split("\n")
  .filter((name) => name !== "");
const count = Math.min(Number(values.count), names.length);
const chosen = Array.from({ length: count }, (_, i) => names[Math.floor((i * names.length) / count)]!);
const table = readFileSync(fileURLToPath(new URL("../../src/concepts/nouns.txt", import.meta.url)), "utf8");
const finder = new NounFinder(parseNouns(table));
const nounsOf = (caption: string) => finder.find(tokenizePtb(caption));

await using captioner = await load({ bundle: values.bundle });
const tallies = new Map(Object.keys(photoChanges).map((name) => [name, { nouns: 0, kept: 0, same: 0 }]));
for (const name of chosen) {
  const photo = readFileSync(join(values.images, name));
  const { caption } = await captioner.caption(photo);
  const nouns = nounsOf(caption);
  for (const [change, tally] of tallies) {
    const { caption: other } = await captioner.caption(await photoChanges[change]!(photo));
    const found = nounsOf(other);
    tally.nouns += nouns.size;
    tally.kept += [...nouns].filter((noun) => found.has(noun)).length;
    if (other === caption) tally.same++;
  }
}
console.log(`${count} photos, bundle ${values.bundle}, ${describeProcessor()}`);
console.log("| change | nouns kept | same caption |\n| --- | --- | --- |");
const percent = (part: number, all: number) => `${((100 * part) / all).toFixed(1)} %`;
for (const [change, { nouns, kept, same }] of tallies)
  console.log(`| ${change} | ${percent(kept, nouns)} of ${nouns} | ${percent(same, count)} |`);
