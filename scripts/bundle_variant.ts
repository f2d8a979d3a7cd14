import type { Manifest } from "../src/bundle/manifest.ts";
import { fromFloat16 } from "../src/export/float16.ts";
import {
  decodeModel,
  encodeModel,
  type Graph,
  quantiseStoredWeights,
  resizeEncoder,
  tensor,
} from "../src/export/mod.ts";

/** A bundle's graphs and what its manifest says. */
export interface BundleContent {
  readonly manifest: Manifest;
  readonly files: {
    readonly encoder: Uint8Array;
    readonly decoderInit: Uint8Array;
    readonly decoderStep: Uint8Array;
    readonly vocabulary: Uint8Array;
  };
}

/**
 * The same encoder for pictures of another size; the ranges of its 8-bit values stay those that 224 pixels had.
 *
 * @param size Side of a picture in pixels, from 32.
 */
export function resized(encoder: Uint8Array, size: number): Uint8Array {
  return encodeModel(resizeEncoder(decodeModel(encoder), size));
}

/** A decoder's graph with its large matrices in int8; one that has none in float16 or float32 is given back as it is. */
export function storedInt8(bytes: Uint8Array): Uint8Array {
  const graph = decodeModel(bytes);
  widenHalves(graph);
  quantiseStoredWeights(graph);
  return encodeModel(graph);
}

/** Undoes `halveWeights`, in place. */
function widenHalves(graph: Graph): void {
  const kept = graph.nodes.filter(({ op, inputs: [stored], outputs: [name] }) => {
    const weights = op === "Cast" ? graph.initializers.get(stored ?? "") : undefined;
    if (weights?.type !== "float16" || name === undefined) return true;
    graph.initializers.delete(stored!);
    graph.initializers.set(name, tensor("float32", weights.shape, fromFloat16(weights.data as Uint16Array)));
    return false;
  });
  graph.nodes.splice(0, graph.nodes.length, ...kept);
}
