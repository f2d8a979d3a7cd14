import { countReads, dropUnreadInitializers, type Graph, type GraphNode, producers } from "./graph.ts";
import { type GraphTensor, tensor, tensorBytes } from "./tensor.ts";

/**
 * Folds, in place, what can be computed once: batch normalisations into the convolutions before them, paddings with
 * zeros into the convolutions and poolings after them, transpositions that cancel or repeat each other, and
 * equal constants, such as the weights of a layer that is used twice.
 * The results stay equal up to rounding.
 */
export function simplify(graph: Graph): void {
  mergeTransposes(graph);
  foldBatchNormalizations(graph);
  foldPaddings(graph);
  dropUnread(graph);
  shareConstants(graph);
}

/** Removes nodes from the graph, and makes every reader of `node`'s output read `instead`. */
function bypass(graph: Graph, node: GraphNode, instead: string): void {
  const [output] = node.outputs;
  graph.nodes.splice(graph.nodes.indexOf(node), 1);
  for (const reader of graph.nodes) reader.inputs = reader.inputs.map((input) => (input === output ? instead : input));
}

function isOutput(graph: Graph, name: string | undefined): boolean {
  return graph.outputs.some((output) => output.name === name);
}

function perm(node: GraphNode): readonly number[] {
  return node.attributes.perm as readonly number[];
}

function mergeTransposes(graph: Graph): void {
  const made = producers(graph);
  const first = new Map<string, string>();
  for (const node of graph.nodes.filter(({ op }) => op === "Transpose")) {
    if (isOutput(graph, node.outputs[0])) continue;
    const before = made.get(node.inputs[0]!);
    if (before?.op === "Transpose" && perm(node).every((axis, index) => perm(before)[axis] === index)) {
      bypass(graph, node, before.inputs[0]!);
      continue;
    }
    const key = `${node.inputs[0]}|${perm(node).join()}`;
    const twin = first.get(key);
    if (twin === undefined) first.set(key, node.outputs[0]!);
    else bypass(graph, node, twin);
  }
}

/** The only reader of a value, if a node reads it exactly once. */
function onlyReader(graph: Graph, reads: ReadonlyMap<string, number>, value: string): GraphNode | undefined {
  if (reads.get(value) !== 1 || isOutput(graph, value)) return undefined;
  return graph.nodes.find((node) => node.inputs[0] === value);
}

function constant(graph: Graph, name: string | undefined): (GraphTensor & { readonly data: Float32Array }) | undefined {
  const found = graph.initializers.get(name ?? "");
  return found?.data instanceof Float32Array ? { ...found, data: found.data } : undefined;
}

function foldBatchNormalizations(graph: Graph): void {
  const reads = countReads(graph);
  for (const node of graph.nodes.filter(({ op }) => op === "Conv")) {
    const norm = onlyReader(graph, reads, node.outputs[0]!);
    if (norm?.op !== "BatchNormalization") continue;
    const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => constant(graph, name)?.data);
    const [, kernelName = "", biasName] = node.inputs;
    const kernel = constant(graph, kernelName);
    // A shared kernel must not be scaled twice.
    if (!gamma || !beta || !mean || !variance || !kernel || reads.get(kernelName) !== 1) continue;
    const bias = constant(graph, biasName)?.data ?? new Float32Array(gamma.length);
    const scale = Float64Array.from(
      gamma,
      (factor, i) => factor / Math.sqrt(variance[i]! + Number(norm.attributes.epsilon)),
    );
    const perChannel = kernel.data.length / gamma.length;
    const scaled = kernel.data.map((weight, i) => weight * scale[Math.floor(i / perChannel)]!);
    const shifted = bias.map((start, i) => (start - mean[i]!) * scale[i]! + beta[i]!);
    const folded = `${kernelName}/folded_bias`;
    graph.initializers.set(kernelName, tensor("float32", kernel.shape, scaled));
    graph.initializers.set(folded, tensor("float32", [shifted.length], shifted));
    node.inputs = [node.inputs[0]!, kernelName, folded];
    const [made] = node.outputs;
    node.outputs = [...norm.outputs];
    graph.nodes.splice(graph.nodes.indexOf(norm), 1);
    reads.delete(made!);
  }
}

function foldPaddings(graph: Graph): void {
  const reads = countReads(graph);
  const made = producers(graph);
  for (const pad of graph.nodes.filter(({ op }) => op === "Pad")) {
    const [source = "", padsName = ""] = pad.inputs;
    const pads = graph.initializers.get(padsName);
    const reader = onlyReader(graph, reads, pad.outputs[0]!);
    if (pads === undefined || pads.shape[0] !== 8 || reader === undefined) continue;
    if (reader.attributes.auto_pad !== undefined || reader.attributes.pads !== undefined) continue;
    // Zeros do not change the maximum of non-negative numbers.
    const maximum = reader.op === "MaxPool" && made.get(source)?.op === "Relu";
    if (reader.op !== "Conv" && !maximum) continue;
    const [, , top = 0, left = 0, , , bottom = 0, right = 0] = Array.from(pads.data, Number);
    const kernel = reader.attributes.kernel_shape as readonly number[];
    if (maximum && (Math.max(top, bottom) >= kernel[0]! || Math.max(left, right) >= kernel[1]!)) continue;
    reader.attributes = { ...reader.attributes, pads: [top, left, bottom, right] };
    bypass(graph, pad, source);
  }
}

/** Drops nodes whose outputs nobody reads, then such constants. */
function dropUnread(graph: Graph): void {
  for (let before = -1; before !== graph.nodes.length; ) {
    before = graph.nodes.length;
    const reads = countReads(graph);
    graph.nodes = graph.nodes.filter(({ outputs }) => outputs.some((output) => reads.has(output)));
  }
  dropUnreadInitializers(graph);
}

function shareConstants(graph: Graph): void {
  const kept = new Map<string, string[]>();
  const instead = new Map<string, string>();
  for (const [name, value] of graph.initializers) {
    const key = `${value.type}[${value.shape.join()}]`;
    const alike = kept.get(key) ?? [];
    kept.set(key, alike);
    const twin = alike.find((other) => sameBytes(graph.initializers.get(other)!, value));
    if (twin === undefined) alike.push(name);
    else instead.set(name, twin);
  }
  for (const node of graph.nodes) node.inputs = node.inputs.map((input) => instead.get(input) ?? input);
  dropUnreadInitializers(graph);
}

function sameBytes(left: GraphTensor, right: GraphTensor): boolean {
  const [a, b] = [tensorBytes(left), tensorBytes(right)];
  return a.every((byte, i) => byte === b[i]);
}
