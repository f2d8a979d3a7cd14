import { GraphSession, type GraphTensor } from "../runtime/graph_session.ts";

/** A graph that can be run. */
export type RunnableGraph = Pick<GraphSession, "run"> & AsyncDisposable;

/**
 * Loads a graph on the native onnxruntime where the package `onnxruntime-node` is installed, which is several times
 * faster, else on onnxruntime-web. The two differ by rounding.
 *
 * @throws {EdgecapError} `graph-failed` where onnxruntime-web refuses the graph.
 */
export async function openFastGraph(name: string, bytes: Uint8Array): Promise<RunnableGraph> {
  const native = await import("onnxruntime-node").catch(() => undefined);
  if (native === undefined) return GraphSession.create(name, bytes);
  const session = await native.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  return {
    run: async (inputs) => {
      const feeds = Object.entries(inputs).map(([port, { data, shape }]) => {
        const tensor =
          data instanceof Int32Array
            ? new native.Tensor("int32", data, shape)
            : new native.Tensor("float32", data, shape);
        return [port, tensor] as const;
      });
      const outputs = await session.run(Object.fromEntries(feeds));
      return Object.fromEntries(
        Object.entries(outputs).map(([port, { data, dims }]): [string, GraphTensor] => [
          port,
          { data: data as Float32Array, shape: dims },
        ]),
      );
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
