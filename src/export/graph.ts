import type { GraphTensor, TensorType } from "./tensor.ts";

/** Lengths of a tensor's dimensions: a number if fixed, a name (`"batch"`) if the caller chooses. */
export type Dimensions = readonly (number | string)[];

/**
 * An attribute of a node. Its name and value decide whether a number is ONNX's INT or FLOAT. A graph is
 * the body of a Loop or the like: its opset and metadata are the outer graph's, whose values it can read.
 */
export type Attribute = number | string | readonly number[] | readonly string[] | GraphTensor | Graph;

/** One operation of a graph. An empty input name leaves an optional input out. */
export interface GraphNode {
  /** Operator, for instance `MatMul`. */
  readonly op: string;
  /** Operator set: empty for ONNX's own, `com.microsoft` for onnxruntime's. */
  readonly domain: string;
  /** Name of the node, for messages; unique in its graph. */
  name: string;
  /** Names of the values it reads, in the operator's order. */
  inputs: string[];
  /** Names of the values it computes, in the operator's order. */
  outputs: string[];
  /** The operator's options by name. */
  attributes: Record<string, Attribute>;
}

/** An input or output of a graph. */
export interface GraphValue {
  /** Name by which a caller sets or reads it. */
  readonly name: string;
  /** Type of its elements. */
  readonly type: TensorType;
  /** `null` if even the number of dimensions is unknown. */
  readonly shape: Dimensions | null;
}

/** An ONNX model in memory: plain data that the passes in this folder read and rewrite. */
export interface Graph {
  /** Name of the graph, for messages. */
  name: string;
  /** Version of ONNX's own operator set. */
  opset: number;
  /** The graph's inputs, which a caller provides. */
  inputs: GraphValue[];
  /** The graph's outputs, which a caller can read. */
  outputs: GraphValue[];
  /** In an order in which every value is computed before it is used. */
  nodes: GraphNode[];
  /** Constants by name. */
  initializers: Map<string, GraphTensor>;
  /** Metadata stored with the graph, for instance its source and licence. */
  metadata: Map<string, string>;
}

/** How many times each value is read, graph outputs included. */
export function countReads(graph: Graph): Map<string, number> {
  const reads = new Map<string, number>();
  const read = (name: string): void => {
    if (name !== "") reads.set(name, (reads.get(name) ?? 0) + 1);
  };
  for (const node of graph.nodes) node.inputs.forEach(read);
  for (const output of graph.outputs) read(output.name);
  return reads;
}

/** The node that computes each value. */
export function producers(graph: Graph): Map<string, GraphNode> {
  const made = new Map<string, GraphNode>();
  for (const node of graph.nodes) for (const output of node.outputs) made.set(output, node);
  return made;
}

/** Drops constants that no node and no output reads, in place. */
export function dropUnreadInitializers(graph: Graph): void {
  const reads = countReads(graph);
  for (const name of [...graph.initializers.keys()]) if (!reads.has(name)) graph.initializers.delete(name);
}

/** A copy whose nodes and lists can be changed freely; the data of constants is shared and never written to. */
export function copyGraph(graph: Graph): Graph {
  return {
    ...graph,
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: [...node.inputs],
      outputs: [...node.outputs],
      attributes: { ...node.attributes },
    })),
    initializers: new Map(graph.initializers),
    metadata: new Map(graph.metadata),
  };
}
