import type { Manifest, SelfTest } from "../bundle/manifest.ts";
import { readFeatures } from "../decode/decoder.ts";
import { searchCaptions } from "../decode/search_captions.ts";
import { encoderInput } from "../image/encoder_input.ts";
import type { Graph } from "../runtime/graph.ts";
import { type GraphTensor, toHost } from "../runtime/tensors.ts";
import type { BundleGraphs } from "./check_shapes.ts";

/** The graphs that the self-test runs. */
export type TestedGraphs = Record<keyof BundleGraphs, Pick<Graph, "run" | "runKeeping">>;

/** The facts about a bundle that the self-test uses. */
export type TestedManifest = Pick<Manifest, "encoder" | "decoder" | "generation">;

/** A backend's result. */
export interface SelfTestOutcome {
  /** Whether its words are the stored ones and its features close enough. */
  readonly passed: boolean;
  /** Distance of its features from the stored ones, relative to their length; 0 if equal. */
  readonly featureError: number;
  /** The distance that still passes. */
  readonly tolerance: number;
  /** Whether its words are the stored ones. */
  readonly sameWords: boolean;
  /** Time of the encoder, in milliseconds. */
  readonly encodeMs: number;
  /** Time of the decoder per word of a greedy caption, in milliseconds; its first graph is included. */
  readonly wordMs: number;
}

/** Number of stored features, spread evenly over the grid. */
const samples = 64;
/** Most words of the stored caption. */
const maxWords = 12;

/**
 * Largest allowed distance of features from the stored ones, relative to their length. Floating-point graphs differ by
 * rounding; 8-bit graphs also differ after a value that lies between two steps.
 */
export const tolerances: Readonly<Record<Manifest["encoder"]["precision"], number>> = {
  fp32: 1e-3,
  fp16: 1e-3,
  int8: 0.1,
};

/** A reproducible picture of soft colours: [size, size, 3], RGB. @param seed Number of the picture, from 0. */
export function testPicture(seed: number, size: number): Uint8Array {
  const rgb = new Uint8Array(size * size * 3);
  for (let i = 0; i < rgb.length; i++) {
    const channel = i % 3;
    const x = (Math.floor(i / 3) % size) / size;
    const y = Math.floor(i / 3 / size) / size;
    // Triangle waves, because every machine rounds them in the same way.
    const wave = (at: number) => Math.abs((at % 2) - 1);
    rgb[i] = Math.round(
      255 * (0.2 + 0.4 * wave((seed + 1) * x + channel / 3) + 0.4 * wave((seed % 3) * y + y + channel / 2)),
    );
  }
  return rgb;
}

/** The result of the graphs for a picture. */
export interface Answer {
  readonly tokens: readonly number[];
  readonly features: readonly number[];
  /** Lead of the least certain word over the next best one, in logits. */
  readonly margin: number;
  readonly encodeMs: number;
  readonly wordMs: number;
}

/**
 * Compares a backend with the bundle's stored answer. The text module must be loaded.
 *
 * @param rounds Number of runs; the times are those of the fastest. Default 1.
 */
export async function compareWithAnswer(
  graphs: TestedGraphs,
  manifest: TestedManifest,
  stored: SelfTest,
  rounds = 1,
): Promise<SelfTestOutcome> {
  const answers: Answer[] = [];
  for (let round = 0; round < rounds; round++) answers.push(await answerOf(graphs, manifest, stored.picture));
  const { tokens, features } = answers[0]!;
  const featureError = distance(features, stored.features);
  const sameWords = tokens.join() === stored.tokens.join();
  return {
    passed: sameWords && featureError <= stored.tolerance,
    featureError,
    tolerance: stored.tolerance,
    sameWords,
    encodeMs: Math.min(...answers.map(({ encodeMs }) => encodeMs)),
    wordMs: Math.min(...answers.map(({ wordMs }) => wordMs)),
  };
}

/** Describes how a failed result differs from the stored answer, as the part after a colon. */
export function difference({ sameWords, featureError, tolerance }: SelfTestOutcome): string {
  const near = featureError <= tolerance;
  const features = `features ${featureError.toExponential(1)} from the stored ones (up to ${tolerance} passes)`;
  if (sameWords) return `${features}, though the words are the same`;
  return near ? `other words, though ${features}` : `other words, ${features}`;
}

/** The words and features of a generated picture. The text module must be loaded. */
export async function answerOf(graphs: TestedGraphs, manifest: TestedManifest, seed: number): Promise<Answer> {
  const { size } = manifest.encoder;
  const { vocabulary, prefix } = manifest.decoder;
  const pixels: GraphTensor = { data: encoderInput(testPicture(seed, size)), shape: [1, size, size, 3] };
  const started = performance.now();
  const grid = await toHost((await graphs.encoder.runKeeping({ pixels }))["grid"]!);
  const encoded = performance.now();
  let margin = Number.POSITIVE_INFINITY;
  using photo = await readFeatures({ ...graphs, ...(prefix !== undefined && { prefix }) }, grid);
  const run = photo.start();
  const [best] = await searchCaptions(
    async (tokens, parents) => {
      const step = await run(tokens, parents);
      margin = Math.min(margin, lead(step.logits));
      return step;
    },
    { vocabulary, beams: 1, minWords: 1, maxWords: Math.min(maxWords, manifest.generation.maxWords), count: 1 },
  );
  const words = best!.tokens.length + (best!.finished ? 1 : 0);
  const { data } = grid;
  return {
    tokens: [...best!.tokens],
    features: Array.from({ length: samples }, (_, i) => data[Math.floor((i * data.length) / samples)]!),
    margin,
    encodeMs: encoded - started,
    wordMs: (performance.now() - encoded) / words,
  };
}

/** Difference between the greatest number and the next. */
function lead(logits: Float32Array): number {
  let first = Number.NEGATIVE_INFINITY;
  let second = first;
  for (const value of logits) {
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
  }
  return first - second;
}

/** Distance of some numbers from the expected ones, relative to the length of those. */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let apart = 0;
  let whole = 0;
  for (let i = 0; i < expected.length; i++) {
    apart += (found[i]! - expected[i]!) ** 2;
    whole += expected[i]! ** 2;
  }
  return Math.sqrt(apart) / (Math.sqrt(whole) || 1);
}
