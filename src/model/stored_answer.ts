import type { BundleFiles, SelfTest } from "../bundle/manifest.ts";
import { GraphSession } from "../runtime/graph_session.ts";
import { textModule } from "../text/text_module.ts";
import {
  type Answer,
  answerOf,
  compareWithAnswer,
  type SelfTestOutcome,
  type TestedGraphs,
  type TestedManifest,
  tolerances,
} from "./self_test.ts";

/** Number of candidate pictures. */
const seeds = 8;

/** Makes the stored answer of a bundle with these graphs; see {@linkcode SelfTest}. */
export async function selfTestOf(
  files: Pick<BundleFiles, "encoder" | "decoderInit" | "decoderStep">,
  manifest: TestedManifest,
): Promise<SelfTest> {
  await using encoder = await GraphSession.create("encoder", files.encoder);
  await using init = await GraphSession.create("decoder_init", files.decoderInit);
  await using step = await GraphSession.create("decoder_step", files.decoderStep);
  return await makeSelfTest({ encoder, init, step }, manifest);
}

/**
 * Makes a bundle's stored answer. It uses the picture, of a few, whose words are most certain, so that rounding changes
 * none.
 *
 * @param graphs The bundle's, on the backend `wasm`.
 */
async function makeSelfTest(graphs: TestedGraphs, manifest: TestedManifest): Promise<SelfTest> {
  await textModule();
  let best: { seed: number; answer: Answer } | undefined;
  for (let seed = 0; seed < seeds; seed++) {
    const found = await answerOf(graphs, manifest, seed);
    if (best === undefined || found.margin > best.answer.margin) best = { seed, answer: found };
  }
  const { seed, answer: chosen } = best!;
  return {
    picture: seed,
    tokens: [...chosen.tokens],
    features: chosen.features.map((value) => Number(value.toPrecision(6))),
    tolerance: tolerances[manifest.encoder.precision],
  };
}

/**
 * Compares a backend with the bundle's stored answer, and loads the text module for that.
 *
 * @param rounds Number of runs; the times are those of the fastest. Default 1.
 */
export async function runSelfTest(
  graphs: TestedGraphs,
  manifest: TestedManifest,
  stored: SelfTest,
  rounds?: number,
): Promise<SelfTestOutcome> {
  await textModule();
  return await compareWithAnswer(graphs, manifest, stored, rounds);
}
