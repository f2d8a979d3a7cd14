import type { BundleFile } from "../bundle/open_bundle.ts";
import { throwIfAborted } from "../errors.ts";
import type { Graph } from "../runtime/graph.ts";
import type { BundleGraphs } from "./check_shapes.ts";
import { Resources } from "./resources.ts";

/** The parts of a bundle that are graphs, in the order in which they are opened. */
export const graphParts = ["encoder", "decoderInit", "decoderStep"] as const;

/** One of them. */
export type GraphPart = (typeof graphParts)[number];

/** The graphs' files: their bytes, or files that are read one after another. */
export type GraphFiles = Readonly<Record<GraphPart, Uint8Array | BundleFile>>;

/** Three graphs that are freed together. */
export type OpenGraphs = BundleGraphs & AsyncDisposable;

/** A graph that has been loaded. */
export interface LoadedGraph {
  readonly graph: Graph;
  /** Whether it no longer needs the bytes of its file. */
  readonly isPacked: boolean;
}

/** Loads a graph. @param keep Outputs that stay on the backend's device, if it has one. */
export type LoadGraph = (name: string, bytes: Uint8Array, keep: readonly string[]) => Promise<LoadedGraph>;

/**
 * Opens a bundle's graphs, one after another, and frees the memory of each file before the next is opened. While one is
 * packed, the next is read.
 *
 * @throws What reading and loading throw.
 * @throws The signal's reason, once what was opened is freed, if it is aborted.
 */
export async function openGraphsBy(
  files: GraphFiles,
  load: Readonly<Record<"encoder" | "decoder", LoadGraph>>,
  signal: AbortSignal | undefined,
): Promise<OpenGraphs> {
  await using resources = new Resources();
  let reading: Promise<unknown> | undefined;
  const readNext = (part: GraphPart) => {
    const next = graphParts[graphParts.indexOf(part) + 1];
    const file = next && files[next];
    // The caller who opens it gets its error.
    if (file !== undefined && !(file instanceof Uint8Array)) reading = file.read().catch(() => {});
  };
  // After a failure, no work continues unnoticed.
  resources.use({ [Symbol.asyncDispose]: async () => void (await reading) });
  const open = async (part: GraphPart, name: string, how: LoadGraph, keep: readonly string[]) => {
    throwIfAborted(signal);
    const file = files[part];
    const bytes = file instanceof Uint8Array ? file : await file.read();
    throwIfAborted(signal);
    if (!(file instanceof Uint8Array)) readNext(part);
    const { graph, isPacked } = await how(name, bytes, keep);
    resources.use(graph);
    if (isPacked && !(file instanceof Uint8Array)) file.free();
    return graph;
  };
  const graphs = {
    encoder: await open("encoder", "encoder", load.encoder, ["grid"]),
    init: await open("decoderInit", "decoder_init", load.decoder, ["keys", "values", "image"]),
    step: await open("decoderStep", "decoder_step", load.decoder, []),
  };
  throwIfAborted(signal);
  const kept = resources.move();
  return { ...graphs, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}
