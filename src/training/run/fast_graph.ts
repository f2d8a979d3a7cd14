import { EdgecapError } from "../../errors.ts";
import { GraphSession } from "../../runtime/graph_session.ts";

/** A graph that can be run. */
export type RunnableGraph = Pick<GraphSession, "run"> & AsyncDisposable;

/**
 * Loads a graph on the backend `native` if the package `onnxruntime-node` is installed, which is several times faster,
 * otherwise on `wasm`. The two differ by rounding.
 *
 * @throws {EdgecapError} `graph-failed` if the graph is refused.
 */
export async function openFastGraph(name: string, bytes: Uint8Array): Promise<RunnableGraph> {
  return await GraphSession.create(name, bytes, { backend: "native" }).catch((error: unknown) => {
    if (!(error instanceof EdgecapError) || error.code !== "backend-unavailable") throw error;
    return GraphSession.create(name, bytes);
  });
}
