import { join } from "node:path";
import type { BundleFiles, Manifest } from "../../bundle/manifest.ts";
import { type ConceptName, readConceptNames } from "../../concepts/concept_names.ts";
import { type ConceptArrays, headWeights } from "../attention/export_attention.ts";
import type { ConceptShape } from "../attention/model.ts";
import { bundleWeights } from "../run/bundle_weights.ts";
import { readCheckpoint, writeCheckpoint } from "../run/checkpoint.ts";
import type { ConceptHead } from "./concept_head.ts";

/** Everything behind a decoder's concepts except the weights that it learns. */
export interface RunConcepts extends ConceptArrays {
  readonly nouns: readonly ConceptName[];
  readonly shape: ConceptShape;
}

/** Path of a run's concepts. */
function pathOf(run: string): string {
  return join(run, "concepts.ckpt");
}

/** Writes a run's concepts to its folder. */
export async function writeRunConcepts(run: string, { nouns, shape, head, vectors }: RunConcepts): Promise<void> {
  await writeCheckpoint(pathOf(run), {
    meta: { nouns, shape },
    arrays: new Map([
      ["kernel", head.kernel],
      ["bias", head.bias],
      ["vectors", vectors],
      ...(head.classes === undefined
        ? []
        : ([
            ["classKernel", head.classes.kernel],
            ["classBias", head.classes.bias],
            ["classWeights", head.classes.weights],
          ] as const)),
    ]),
  });
}

/**
 * Reads what {@linkcode writeRunConcepts} wrote.
 *
 * @throws {EdgecapError} `file-unreadable` or `checkpoint-invalid`.
 */
export async function readRunConcepts(run: string): Promise<RunConcepts> {
  const { meta, arrays } = await readCheckpoint(pathOf(run));
  return {
    nouns: meta["nouns"] as ConceptName[],
    shape: meta["shape"] as ConceptShape,
    head: headOf(arrays, ["kernel", "bias", "classKernel", "classBias", "classWeights"]),
    vectors: arrays.get("vectors")!,
  };
}

/** The concepts of a bundle; `undefined` if its decoder does not look at concepts. */
export function conceptsOfBundle(manifest: Manifest, files: BundleFiles): RunConcepts | undefined {
  const { concepts } = manifest.decoder;
  if (concepts === undefined || files.concepts === undefined) return undefined;
  const arrays = bundleWeights(files);
  const vectors = arrays.get("concept_vectors")!;
  return {
    nouns: readConceptNames(new TextDecoder().decode(files.concepts), manifest.name, concepts.nouns),
    shape: { ...concepts, vector: vectors.length / concepts.nouns },
    head: headOf(arrays, headWeights),
    vectors,
  };
}

/** A head from its arrays, by the names of kernel, bias, and the classifier's kernel, bias and weights. */
function headOf(
  arrays: ReadonlyMap<string, Float32Array>,
  [kernel, bias, ...names]: readonly [string, string, string, string, string],
): ConceptHead {
  const [ofClasses, biasOfClasses, weights] = names.map((name) => arrays.get(name));
  return {
    ...{ kernel: arrays.get(kernel)!, bias: arrays.get(bias)! },
    ...(ofClasses && { classes: { kernel: ofClasses, bias: biasOfClasses!, weights: weights! } }),
  };
}
