/**
 * Makes bundles for smaller pictures from the default one, and compares their quality, speed and size.
 *
 * usage: bun scripts/model/bundle_choices.ts --images DIR --captions FILE --dev LIST
 *        [--count 1000] [--rounds 15] [--out dist/bundles] [--doc docs/bundles.md]
 *
 * The bundles are OUT/SIZE-BEAMS. The one with the best score of those that caption in half the default's time becomes
 * models/fast, which shares the default's files. Ranges of 8-bit values stay those of the default's encoder, and its
 * decoder is used as it is: run this again after either changes, then scripts/model/fit_confidence.ts for models/fast.
 */

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultBundle, loadBundle } from "../../src/bundle/load_bundle.ts";
import { writeBundle } from "../../src/bundle/write_bundle.ts";
import { readConceptNames } from "../../src/concepts/concept_names.ts";
import { readCaptions } from "../../src/dataset/captions_file.ts";
import { readSplitList } from "../../src/dataset/split_list.ts";
import { generate } from "../../src/decode/generate.ts";
import { noRepeats } from "../../src/decode/repeatable_words.ts";
import { RequiredConcepts } from "../../src/decode/required_concepts.ts";
import { EdgecapError } from "../../src/errors.ts";
import { evaluateText, type Scores, type TextItem } from "../../src/evaluation/mod.ts";
import { decodeModel, encodeModel, resizeEncoder } from "../../src/export/mod.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { encoderInput } from "../../src/image/encoder_input.ts";
import { load } from "../../src/mod.ts";
import { selfTestOf } from "../../src/model/stored_answer.ts";
import { describeProcessor } from "../../src/platform/processor.ts";
import { Datastore } from "../../src/retrieval/datastore.ts";
import { sentence } from "../../src/text/sentence.ts";
import { textModule } from "../../src/text/text_module.ts";
import { Vocabulary } from "../../src/text/vocabulary.ts";
import type { DevPhoto } from "../../src/training/run/choose_generation.ts";
import { openFastGraph } from "../../src/training/run/fast_graph.ts";
import { quartiles } from "../bench/quartiles.ts";
import { shareFiles } from "../build/share_files.ts";

/** Sizes of pictures, each with numbers of beams; without a number, the default's. */
const choices: readonly { readonly size: number; readonly beams?: number }[] = [
  { size: 224 },
  { size: 192 },
  { size: 160 },
  { size: 160, beams: 2 },
  { size: 160, beams: 1 },
  { size: 144, beams: 2 },
];

/** Up to this many beams, captions need not name the sure concepts: a second search would cost what few beams save. */
const fewBeams = 2;

type Content = Awaited<ReturnType<typeof loadBundle>>;

/** The default bundle for pictures of a size, with a number of beams. */
function variant({ manifest, files }: Content, size: number, beams: number): Content {
  const encoder = encodeModel(resizeEncoder(decodeModel(files.encoder), size));
  const regions = Math.ceil(size / 32) ** 2;
  const { concepts, ...generation } = manifest.generation;
  // The parts of a confidence are fitted to captions of the default's size.
  const { confidence: _, ...described } = manifest;
  return {
    manifest: {
      ...described,
      encoder: { ...manifest.encoder, size, regions },
      generation: { ...generation, beams, ...(concepts && beams > fewBeams && { concepts }) },
    },
    files: {
      ...files,
      encoder,
      decoderInit: withRegions(files.decoderInit, manifest, regions),
      decoderStep: withRegions(files.decoderStep, manifest, regions),
    },
  } as Content;
}

/** A decoder's graph for another number of regions. The number only occurs in the shapes of its inputs and outputs. */
function withRegions(bytes: Uint8Array, { encoder, decoder }: Content["manifest"], regions: number): Uint8Array {
  const graph = decodeModel(bytes);
  const slots = decoder.concepts?.slots ?? 0;
  const lengths = new Map([
    [encoder.regions, regions],
    [encoder.regions + slots, regions + slots],
  ]);
  const changed = (ports: typeof graph.inputs) =>
    ports.map((port) =>
      ["grid", "keys", "values", "attention"].includes(port.name) && port.shape != null
        ? { ...port, shape: port.shape.map((length) => lengths.get(Number(length)) ?? length) }
        : port,
    );
  return encodeModel({ ...graph, inputs: changed(graph.inputs), outputs: changed(graph.outputs) });
}

/** Scores a bundle's captions of the dev photos, generated as its manifest says. */
async function score({ manifest, files }: Content, images: string, dev: readonly DevPhoto[]): Promise<Scores> {
  await using encoder = await openFastGraph("encoder", files.encoder);
  await using init = await openFastGraph("decoder_init", files.decoderInit);
  await using step = await openFastGraph("decoder_step", files.decoderStep);
  using vocabulary = Vocabulary.parse(new TextDecoder().decode(files.vocabulary));
  const { neighbours: asked, noRepeatNgram, concepts: rule, ...generation } = manifest.generation;
  const repeats = noRepeats(noRepeatNgram, (words) => vocabulary.encode(words));
  const nouns =
    files.concepts &&
    readConceptNames(new TextDecoder().decode(files.concepts), "concepts", manifest.decoder.concepts!.nouns);
  const required = nouns && rule && new RequiredConcepts(nouns, vocabulary, rule);
  using datastore = files.datastore && new Datastore(files.datastore, "datastore", vocabulary.size);
  const neighbours = asked && datastore && { ...asked, datastore };
  const { size } = manifest.encoder;
  const items: TextItem[] = [];
  for (const { image, references } of dev) {
    const { rgb } = await decodeImage(new Uint8Array(await readFile(join(images, image))), { size });
    const { grid } = await encoder.run({ pixels: { data: encoderInput(rgb), shape: [1, size, size, 3] } });
    const options = { ...generation, ...repeats, vocabulary: vocabulary.size, minWords: 1, count: 1 };
    const {
      captions: [best],
    } = await generate({ init, step }, grid!, options, neighbours, required);
    items.push({ id: image, hypothesis: sentence(vocabulary.decode(best!.tokens)), references });
  }
  return evaluateText(items);
}

/**
 * Medians of the milliseconds of a caption of the examples by each bundle on one thread of wasm, in interleaved rounds.
 */
async function timed(folders: readonly string[], rounds: number): Promise<{ encodeMs: number; allMs: number }[]> {
  const photos = await Promise.all(
    ["astronaut", "chelsea", "china", "coffee", "flower"].map((name) =>
      readFile(new URL(`../../examples/${name}.jpg`, import.meta.url)),
    ),
  );
  const captioners = await Promise.all(folders.map((bundle) => load({ bundle, backend: "wasm" })));
  const seen = folders.map(() => ({ encode: [] as number[], all: [] as number[] }));
  try {
    for (let round = -1; round < rounds; round++) {
      for (const [i, captioner] of captioners.entries()) {
        let encode = 0;
        let all = 0;
        for (const photo of photos) {
          const { imageMs, encodeMs, generateMs } = (await captioner.caption(photo)).timing;
          encode += encodeMs / photos.length;
          all += (imageMs + encodeMs + generateMs) / photos.length;
        }
        // The first round warms the compilers.
        if (round < 0) continue;
        seen[i]!.encode.push(encode);
        seen[i]!.all.push(all);
      }
    }
  } finally {
    for (const captioner of captioners) await captioner[Symbol.asyncDispose]();
  }
  return seen.map(({ encode, all }) => ({ encodeMs: quartiles(encode).median, allMs: quartiles(all).median }));
}

const { values: flags } = parseArgs({
  options: {
    images: { type: "string" },
    captions: { type: "string" },
    dev: { type: "string" },
    count: { type: "string", default: "1000" },
    rounds: { type: "string", default: "15" },
    out: { type: "string", default: fileURLToPath(new URL("../../dist/bundles", import.meta.url)) },
    doc: { type: "string", default: fileURLToPath(new URL("../../docs/bundles.md", import.meta.url)) },
  },
});
const { images, captions: captionsFile, dev: list, out } = flags;
if (images === undefined || captionsFile === undefined || list === undefined) {
  throw new EdgecapError("option-invalid", "Give --images, --captions and --dev.");
}
await textModule();
const { captions } = await readCaptions(captionsFile);
const listed = await readSplitList(list, captions);
const every = Math.max(1, Math.floor(listed.length / Number(flags.count)));
const dev = listed
  .filter((_, i) => i % every === 0)
  .slice(0, Number(flags.count))
  .map((image) => ({ image, references: captions.get(image)! }));
const whole = await loadBundle(defaultBundle);
const { otherScores: _, ...provenance } = whole.manifest.provenance;
const rows: { size: number; beams: number; folder: string; cider: number; bleu4: number; megabytes: number }[] = [];
for (const { size, beams = whole.manifest.generation.beams } of choices) {
  const content = variant(whole, size, beams);
  const scores = await score(content, images, dev);
  const folder = join(out, `${size}-${beams}`);
  const { bleu1, bleu2, bleu3, bleu4, rougeL, cider } = scores;
  const { schemaVersion: _, files: __, ...described } = content.manifest;
  await writeBundle(
    folder,
    {
      schemaVersion: whole.manifest.schemaVersion,
      ...described,
      name: `${whole.manifest.name}-${size}-${beams}`,
      selfTest: await selfTestOf(content.files, content.manifest),
      provenance: {
        ...provenance,
        command: `bun scripts/model/bundle_choices.ts, from: ${whole.manifest.provenance.command}`,
        scores: {
          split: `dev of Flickr8k, ${dev.length} photos`,
          beams,
          ...{ bleu1, bleu2, bleu3, bleu4, rougeL, cider },
        },
      },
    },
    content.files,
  );
  const megabytes = Object.values(content.files).reduce((sum, bytes) => sum + bytes.length, 0) / 1e6;
  rows.push({ size, beams, folder, cider, bleu4, megabytes });
  process.stdout.write(`${size} pixels, ${beams} beams: CIDEr ${(100 * cider).toFixed(1)}\n`);
}
const times = await timed(
  rows.map(({ folder }) => folder),
  Number(flags.rounds),
);
// What is measured as half the time varies by a hundredth or two between runs.
const half = 0.52;
const quick = rows.filter((_, i) => times[i]!.allMs <= half * times[0]!.allMs).sort((a, b) => b.cider - a.cider)[0];
if (quick !== undefined) {
  const { manifest, files } = await loadBundle(quick.folder);
  const fast = { ...manifest, name: "edgecap-attention-fast", files: shareFiles(files, "default", whole) };
  const path = fileURLToPath(new URL("../../models/fast/manifest.json", import.meta.url));
  await writeAtomically(path, `${JSON.stringify(fast, null, 2).replace(/\[\s+(\d+),\s+(\d+)\s+\]/g, "[$1, $2]")}\n`);
}
const table = rows.map(({ size, beams, folder, cider, bleu4, megabytes }, i) => {
  const { encodeMs, allMs } = times[i]!;
  const name = i === 0 ? "default" : folder === quick?.folder ? "`fast`" : `\`${size}-${beams}\``;
  const share = `${((100 * allMs) / times[0]!.allMs).toFixed(0)} %`;
  const loss = (100 * (rows[0]!.cider - cider)).toFixed(1);
  return `| ${name} | ${size} x ${size} | ${Math.ceil(size / 32) ** 2} | ${beams} | ${(100 * cider).toFixed(1)} | ${loss} | ${(100 * bleu4).toFixed(1)} | ${encodeMs.toFixed(0)} | ${allMs.toFixed(0)} | ${share} | ${megabytes.toFixed(1)} |`;
});
await writeAtomically(
  flags.doc,
  `# Smaller pictures, quicker captions

After reading this page, you can choose a bundle by its speed and quality.

Besides the default, edgecap comes with the bundle \`fast\`, in the checkout, the package and the executable: \`edgecap
caption --bundle fast photo.jpg\`. Its folder, \`models/fast\`, only contains a manifest of some kilobytes: it uses the
default bundle's files, and changes the few bytes in them that depend on the picture's size.
\`bun scripts/model/bundle_choices.ts --images Images --captions captions.txt --dev devImages.txt${flags.count === "1000" ? "" : ` --count ${flags.count}`} --rounds ${flags.rounds}\`
wrote this page; it also makes the other bundles of the table, in \`dist/bundles\`.

All bundles have the default's encoder weights, 8-bit ranges, decoder and datastore. They scale the picture to another
size; a smaller one has fewer regions to look at. Bundles with ${fewBeams} beams or fewer search only once: their captions need
not name the sure concepts, because the second search for those would take the time that few beams save.

A bundle's default settings for captions are in its manifest, under \`generation\`: \`beams\`, \`maxWords\`, \`lengthPenalty\`;
\`neighbours\`, the similar training photos that influence which beam wins; \`noRepeatNgram\` (1 to 10), which keeps captions
from repeating a run of that many words; and, for decoders that look at concepts, \`concepts\`: \`least\`, the probability above which a noun
counts as sure (above 0, up to 1), \`most\`, how many nouns a caption must name (1 to 3), and \`reward\`, what each adds to
the score of a caption that names it (0 to 1000). \`rewardOfOnly\` and \`leastOfOnly\` are the reward and the
probability of a third search. See [how it works](how_it_works.md#decode).

Scores are those of ${dev.length} dev photos of Flickr8k, times 100${dev.length < listed.length ? "; from so few photos, only compare them with each other" : ""}.
Milliseconds are medians of ${flags.rounds} interleaved rounds of the pictures in examples/ on one thread of wasm: ${describeProcessor()}, ${availableParallelism()} cores,
Bun ${Bun.version}${quick === undefined ? "; none took half the default's time" : ""}. The share is that of the default's time, from bytes to caption.

| bundle | picture | regions | beams | CIDEr | loss | BLEU-4 | encoder, ms | caption, ms | share | MB |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${table.join("\n")}
`,
);
