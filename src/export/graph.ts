import type { GraphTensor, TensorType } from "./tensor.ts";

/** Lengths of a tensor's dimensions: a number where it is fixed, a name (`"batch"`) where the caller chooses. */
export type Dimensions = readonly (number | string)[];

/**
 * An attribute of a node; whether a number is ONNX's INT or FLOAT follows from the attribute's name and value. A graph is
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
  /** Names of the values it makes, in the operator's order. */
  outputs: string[];
  /** The operator's options by name. */
  attributes: Record<string, Attribute>;
}

/** An input or output of a graph. */
export interface GraphValue {
  /** Name by which a caller feeds or reads it. */
  readonly name: string;
  /** Type of its elements. */
  readonly type: TensorType;
  /** `null` where even the number of dimensions is left open. */
  readonly shape: Dimensions | null;
}

/** An ONNX model in memory: plain data that the passes in this folder read and rewrite. */
export interface Graph {
  /** Name of the graph, for messages. */
  name: string;
  /** Version of ONNX's own operator set. */
  opset: number;
  /** What a caller feeds. */
  inputs: GraphValue[];
  /** What a caller can read. */
  outputs: GraphValue[];
  /** In an order in which every value is made before it is used. */
  nodes: GraphNode[];
  /** Constants by name. */
  initializers: Map<string, GraphTensor>;
  /** Free text written beside the graph, for instance its source and licence. */
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

/** The node that makes each value. */
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

/** A copy whose nodes and lists can be changed freely; constants' data is shared, never written to. */
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
