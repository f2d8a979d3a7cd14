/**
 * Fits the confidence of a bundle's captions, and writes the fit into its manifest; docs/confidence.md explains it.
 *
 * usage: bun scripts/model/fit_confidence.ts --bundle DIR --images DIR --captions FILE --list FILE
 *        [--images DIR --captions FILE --list FILE ...] [--cache FILE] [--backend auto]
 *
 * Photos at odd places of the lists are used to fit, the others to judge. Pictures without a scene are drawn, different
 * ones to fit than to judge. Captions are kept in the cache, so that you can continue a stopped run; its default is
 * named after the bundle's weights.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseManifest } from "../../src/bundle/manifest.ts";
import { parseNouns } from "../../src/concepts/noun_table.ts";
import { ConfidenceModel } from "../../src/confidence/confidence_model.ts";
import { readCaptions } from "../../src/dataset/captions_file.ts";
import { readSplitList } from "../../src/dataset/split_list.ts";
import { EdgecapError } from "../../src/errors.ts";
import { NounRightness } from "../../src/evaluation/noun_rightness.ts";
import { writeAtomically } from "../../src/files/atomic_write.ts";
import { shareModel } from "../../src/model/shared_model.ts";
import { backendNames } from "../../src/runtime/backend.ts";
import { type AskedPhoto, captionEvidence } from "./confidence/caption_evidence.ts";
import { fitLogistic } from "./confidence/fit_logistic.ts";
import { binTable, type JudgedCaption, reportOf, reportTable, shareBelowHalf } from "./confidence/report.ts";
import { drawNonScenes, fittingNonScenes, judgedNonScenes, type NonSceneChoice } from "./nonscenes/draw_nonscenes.ts";

/** A photo that people described. */
interface Described extends AskedPhoto {
  readonly people: readonly string[];
}

/** Photos of one kind, by the list that names them. */
interface World {
  readonly name: string;
  readonly photos: readonly Described[];
}

async function readWorld(images: string, captionsFile: string, list: string): Promise<World> {
  const { captions } = await readCaptions(captionsFile);
  const name = `${basename(dirname(list))}/${basename(list)}`;
  const photos = (await readSplitList(list, captions)).map((image) => ({
    key: `${name}/${image}`,
    read: async () => new Uint8Array(await readFile(join(images, image))),
    people: captions.get(image)!,
  }));
  return { name, photos };
}

function nonScenes(choice: NonSceneChoice): AskedPhoto[] {
  return Array.from(drawNonScenes(choice), ({ name, png }) => ({
    key: `${choice.variants}/${name}`,
    read: async () => png,
  }));
}

const { values: flags } = parseArgs({
  options: {
    bundle: { type: "string" },
    images: { type: "string", multiple: true, default: [] },
    captions: { type: "string", multiple: true, default: [] },
    list: { type: "string", multiple: true, default: [] },
    cache: { type: "string" },
    backend: { type: "string", default: "auto" },
  },
});
const { bundle, images, captions, list } = flags;
const backend = (["auto", ...backendNames] as const).find((name) => name === flags.backend);
if (bundle === undefined || images.length === 0 || backend === undefined) {
  throw new EdgecapError("option-invalid", "Give --bundle, --images, --captions and --list, and a backend's name.");
}
if (captions.length !== images.length || list.length !== images.length) {
  throw new EdgecapError("option-invalid", "Give --images, --captions and --list the same number of times.");
}

const path = join(bundle, "manifest.json");
const { confidence: _, provenance, ...manifest } = parseManifest(await readFile(path, "utf8"), path);
const hash = createHash("sha256")
  .update(JSON.stringify([manifest.files, manifest.generation]))
  .digest("hex");
const kept = flags.cache ?? fileURLToPath(new URL(`../../dist/confidence/${hash.slice(0, 16)}.jsonl`, import.meta.url));

const worlds = await Promise.all(images.map((folder, i) => readWorld(folder, captions[i]!, list[i]!)));
const strange = { fitting: nonScenes(fittingNonScenes), judged: nonScenes(judgedNonScenes) };
const all = [...worlds.flatMap(({ photos }) => photos), ...strange.fitting, ...strange.judged];
await using share = await shareModel({ bundle, threads: 1, backend });
const known = await captionEvidence(share.model, all, kept, (done) => {
  if (done % 50 === 0) process.stderr.write(`${done} of ${all.length} captioned\n`);
});

const table = await readFile(new URL("../../src/concepts/nouns.txt", import.meta.url), "utf8");
const rightness = new NounRightness(parseNouns(table));
const isRight = ({ key, people }: Described) => rightness.isRight(known.get(key)!.caption, people);
const odd = worlds.flatMap(({ photos }) => photos.filter((_, place) => place % 2 === 0));
const fit = fitLogistic([
  ...odd.map((photo) => ({ evidence: known.get(photo.key)!.evidence, right: isRight(photo) })),
  ...strange.fitting.map(({ key }) => ({ evidence: known.get(key)!.evidence, right: false })),
]);
const model = new ConfidenceModel(fit, bundle);
const confidenceOf = ({ key }: AskedPhoto) => model.confidence(known.get(key)!.evidence);

const judged = new Map<string, readonly JudgedCaption[]>();
for (const { name, photos } of worlds) {
  const even = photos.filter((_, place) => place % 2 === 1);
  const captioned = even.map((photo) => {
    const { key, people } = photo;
    const { caption } = known.get(key)!;
    return { key, people, caption, confidence: confidenceOf(photo), right: isRight(photo) };
  });
  judged.set(name, captioned);
}
const everything = [...judged.values()].flat();
const reports = new Map([...judged].map(([name, captioned]) => [name, reportOf(captioned)]));
if (worlds.length > 1) reports.set("all", reportOf(everything));
const below = shareBelowHalf(strange.judged.map(confidenceOf));
process.stdout.write(`${reportTable(reports)}\n\n${binTable(everything)}\n\n`);
process.stdout.write(
  `Of ${strange.judged.length} pictures without a scene, ${(100 * below).toFixed(0)} % are below 0.5.\n\n`,
);
for (const [i, name] of fit.features.entries()) process.stdout.write(`${name}: ${fit.weights[i]}\n`);

// Pairs stay on a line: a bundle that shares files lists the bytes that it changes.
const json = JSON.stringify({ ...manifest, confidence: fit, provenance }, null, 2);
const text = `${json.replace(/\[\s+(\d+),\s+(\d+)\s+\]/g, "[$1, $2]")}\n`;
parseManifest(text, path);
await writeAtomically(path, text);
