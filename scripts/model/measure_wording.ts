/**
 * Measures what the wording of captions changes and costs: articles and doubled adjectives, which every caption gets,
 * and `--neutral`.
 *
 * usage: bun scripts/model/measure_wording.ts RESULTS CAPTIONS...
 *
 * RESULTS is what `edgecap batch` or `edgecap caption --json` wrote, without --neutral; CAPTIONS are what people wrote.
 * Gendered words are counted by a list of this script's own. CIDEr is taken twice: of the captions against what people
 * wrote, and of the neutral captions against what people wrote, made neutral in the same way.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { readCaptions } from "../../src/dataset/captions_file.ts";
import { readHypotheses } from "../../src/dataset/hypotheses_file.ts";
import { EdgecapError } from "../../src/errors.ts";
import { evaluateText, type TextItem } from "../../src/evaluation/mod.ts";
import { sentence } from "../../src/text/sentence.ts";
import { textModule } from "../../src/text/text_module.ts";
import { tokenize } from "../../src/text/tokenizer.ts";
import { worded } from "../../src/text/wording/wording.ts";

const gendered = new RegExp(
  String.raw`^(?:he|she|him|her|his|hers|himself|herself|(?:\w*(?:man|men|boys?|girls?|lady|ladies))|(?:fe)?males?|mans|mens|womans|womens|` +
    "guys?|dudes?|gals?|lads?|lass(?:es)?|fathers?|mothers?|dads?|daddy|moms?|mommy|mums?|mamas?|papas?|sons?|daughters?|" +
    "brothers?|sisters?|husbands?|wife|wives|uncles?|aunts?|nephews?|nieces?|grand(?:father|mother|pa|ma|son|daughter)s?|" +
    "brides?|grooms?|bridesmaids?|kings?|queens?|princes?|princess(?:es)?|waiters?|waitress(?:es)?|actress(?:es)?|ballerinas?)$",
);
/** Words that end like gendered ones, and things with such a word in their name. */
const others = new Set(
  "human german woodsman snowman snowmen batman superman spiderman doberman roman ottoman talisman".split(" "),
);

const { positionals } = parseArgs({ allowPositionals: true });
const [results, ...files] = positionals;
if (results === undefined || files.length === 0)
  throw new EdgecapError("option-invalid", "Give a file of results and a file of captions at least.");
await textModule();
const references = new Map<string, readonly string[]>();
for (const file of files)
  for (const [image, texts] of (await readCaptions(file)).captions) references.set(image, texts);
const { captions } = await readHypotheses(results);

const plain: TextItem[] = [];
const neutral: TextItem[] = [];
const counts = { images: 0, tidied: 0, rewritten: 0, before: 0, after: 0 };
for (const [path, caption] of captions) {
  const id = basename(path);
  const written = references.get(id);
  if (written === undefined) continue;
  counts.images++;
  const said = text(caption, false);
  const neutrally = text(caption, true);
  if (said !== sentence(tokenize(caption))) counts.tidied++;
  if (neutrally !== said) counts.rewritten++;
  counts.before += genderedIn(caption);
  counts.after += genderedIn(neutrally);
  plain.push({ id, hypothesis: said, references: written });
  neutral.push({ id, hypothesis: neutrally, references: written.map((one) => text(one, true)) });
}
if (counts.images === 0)
  throw new EdgecapError("data-invalid", `No picture of "${results}" has captions in the others.`);
const [usual, rewritten] = [evaluateText(plain).cider, evaluateText(neutral).cider];
const share = (part: number, of: number) => `${((100 * part) / Math.max(of, 1)).toFixed(2)} %`;
process.stdout.write(
  [
    `pictures                     ${counts.images}`,
    `articles and doubles changed ${counts.tidied} (${share(counts.tidied, counts.images)})`,
    `changed by neutral wording   ${counts.rewritten} (${share(counts.rewritten, counts.images)})`,
    `gendered words               ${counts.before} before, ${counts.after} after (${share(counts.before - counts.after, counts.before)} fewer)`,
    `CIDEr                        ${usual.toFixed(4)} as it is, ${rewritten.toFixed(4)} neutral against neutral (${(rewritten - usual).toFixed(4)})`,
    "",
  ].join("\n"),
);

function text(caption: string, isNeutral: boolean): string {
  return sentence(worded(tokenize(caption), { neutral: isNeutral }).map((word) => word.text));
}

function genderedIn(caption: string): number {
  return tokenize(caption).filter((word) => gendered.test(word) && !others.has(word)).length;
}
