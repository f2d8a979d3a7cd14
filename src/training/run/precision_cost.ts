import { Datastore } from "../../retrieval/datastore.ts";
import type { Encoder } from "../encoder/encoder_graph.ts";
import { openEncoder } from "../encoder/open_encoder.ts";
import type { PhotoGrids } from "../encoder/photo_grids.ts";
import { type DevPhoto, type Generation, tryGenerations } from "./choose_generation.ts";
import { openRunDecoder } from "./run_decoder.ts";
import type { DecoderPrecision } from "./weight_precision.ts";

/** How much the dev score fell because a part is stored in fewer bits. */
export interface PrecisionCost {
  readonly part: "encoder" | "decoder";
  readonly precision: DecoderPrecision;
  /** Dev CIDEr of the bundle with that part in float32, the other part as it ships. */
  readonly wholeCider: number;
  /** `cider` minus the bundle's own dev CIDEr; below 0 if rounding happened to help. */
  readonly cost: number;
}

/** Options of {@linkcode precisionCosts}. */
export interface PrecisionCostOptions {
  readonly run: string;
  readonly encoder: Encoder;
  /** The same encoder in float32, and the dev features it gives; without it the encoder's cost is not measured. */
  readonly wholeEncoder?: { readonly encoder: Encoder; readonly cache: PhotoGrids };
  readonly decoderPrecision: DecoderPrecision;
  /** Dev features by the encoder that ships. */
  readonly cache: PhotoGrids;
  readonly dev: readonly DevPhoto[];
  /** How the bundle generates, and its dev CIDEr with that. */
  readonly generation: Generation;
  /** The file of the datastore that it uses. */
  readonly datastore?: Uint8Array | undefined;
  readonly cider: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Measures on the dev photos what each part that is not stored in float32 costs. */
export async function precisionCosts(options: PrecisionCostOptions): Promise<PrecisionCost[]> {
  const { encoder, decoderPrecision, wholeEncoder } = options;
  const decoder = await openRunDecoder(options.run, encoder);
  using datastore = options.datastore && new Datastore(options.datastore, options.run, decoder.vocabulary.length);
  const measure = async (part: "encoder" | "decoder", precision: DecoderPrecision, cache: PhotoGrids) => {
    const [trial] = await tryGenerations({
      decoder: {
        ...decoder.graphs(part === "decoder" ? "fp32" : decoderPrecision),
        prefix: decoder.manifest.prefix,
      },
      cache,
      dev: options.dev,
      vocabulary: decoder.vocabulary,
      generations: [options.generation],
      datastore,
      ...(options.onProgress && { onProgress: options.onProgress }),
      ...(options.signal && { signal: options.signal }),
    });
    const { cider } = trial!.scores;
    return { part, precision, wholeCider: cider, cost: cider - options.cider };
  };
  const costs: PrecisionCost[] = [];
  if (encoder.precision !== "fp32" && wholeEncoder !== undefined) {
    costs.push(await measure("encoder", encoder.precision, wholeEncoder.cache));
  }
  if (decoderPrecision !== "fp32") costs.push(await measure("decoder", decoderPrecision, options.cache));
  return costs;
}

/** A cost as a sentence. */
export function costLine({ wholeCider, cost }: PrecisionCost): string {
  const [verb, amount] = cost >= 0 ? ["costs", cost] : ["gains", -cost];
  return `${verb} ${amount.toFixed(4)} of dev CIDEr (${wholeCider.toFixed(4)} in float32)`;
}

/** The float32 form of a run's encoder, if it exists or can be made. */
export async function wholeForm(name: string, encoder: Encoder, seed: number): Promise<Encoder | undefined> {
  if (encoder.precision === "fp32") return encoder;
  return openEncoder({ name, size: encoder.size, precision: "fp32", seed }).catch(() => undefined);
}
