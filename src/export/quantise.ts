import { EdgecapError } from "../errors.ts";
import { copyGraph, countReads, dropUnreadInitializers, type Graph, type GraphNode, producers } from "./graph.ts";
import { quantiseChannels } from "./quantise_weights.ts";
import { type GraphTensor, tensor } from "./tensor.ts";
import { type Affine, affineOf, type ValueRange } from "./value_range.ts";

/** Options of {@linkcode quantise}. */
export interface QuantiseOptions {
  /** Names of nodes to leave in float32. Default: none. */
  readonly keep?: readonly string[];
}

/** The nodes of a graph to run in integers, and the values between them to store in 8 bits. */
interface Plan {
  readonly nodes: ReadonlySet<GraphNode>;
  readonly values: ReadonlySet<string>;
}

/**
 * The values of a float32 graph that {@linkcode quantise} stores in 8 bits, and whose ranges it needs.
 *
 * @param options The options that quantise() will get.
 */
export function valuesToCalibrate(graph: Graph, options: QuantiseOptions = {}): string[] {
  return [...planOf(graph, options).values];
}

/**
 * Rewrites a float32 graph to compute in 8-bit integers, by quantise and dequantise pairs (QDQ) around each operation.
 *
 * It quantises convolutions, additions of two values, and maximum poolings; onnxruntime fuses each with its pairs into
 * one integer kernel. Activations are uint8 with a zero point, weights symmetric int8 with a scale per channel, biases
 * int32. A ReLU whose result is stored from 0 upwards is dropped, because storing it cuts off values below 0 anyway.
 * Values that no integer operation reads, such as the graph's outputs, stay float32.
 *
 * On processors with AVX2 but without VNNI, onnxruntime's native kernel for uint8 by int8 can saturate: give its
 * session the option `session.x64quantprecision` = `1` there. onnxruntime-web's kernels do not saturate.
 *
 * @param graph The float32 graph; it is not changed.
 * @param ranges The range of each value that {@linkcode valuesToCalibrate} names.
 * @param options See {@linkcode QuantiseOptions}.
 * @throws {EdgecapError} `data-invalid` if a range is missing.
 * @example
 * ```ts
 * import { encodeModel, GraphBuilder, quantise, valuesToCalibrate } from "edgecap/export";
 *
 * const g = new GraphBuilder("sum");
 * const sum = g.node("Add", [g.input("a", "float32", [4]), g.input("b", "float32", [4])]);
 * g.output("sum", sum, "float32", [4]);
 * const ranges = new Map(valuesToCalibrate(g.graph).map((name) => [name, { low: -1, high: 1 }]));
 * console.log(`${encodeModel(quantise(g.graph, ranges)).length} bytes`);
 * ```
 */
export function quantise(graph: Graph, ranges: ReadonlyMap<string, ValueRange>, options: QuantiseOptions = {}): Graph {
  const result = copyGraph(graph);
  const plan = planOf(result, options);
  const affines = affinesOf(result, plan, ranges);
  dropStoredRelus(result, affines);
  const nodes: GraphNode[] = [];
  const input = result.inputs.filter(({ name }) => affines.has(name)).map(({ name }) => name);
  for (const name of input) nodes.push(...pairFor(result, name, affines.get(name)!));
  for (const node of result.nodes) {
    if (plan.nodes.has(node) && node.op === "Conv") nodes.push(...storeWeights(result, node, affines));
    node.inputs = node.inputs.map((name) => (affines.has(name) ? `${name}/read` : name));
    nodes.push(node);
    for (const name of node.outputs) {
      const affine = affines.get(name);
      if (affine !== undefined) nodes.push(...pairFor(result, name, affine));
    }
  }
  result.nodes = nodes;
  dropUnreadInitializers(result);
  return result;
}

function planOf(graph: Graph, { keep = [] }: QuantiseOptions): Plan {
  const constant = (name: string): boolean => graph.initializers.has(name);
  const nodes = new Set(
    graph.nodes.filter(({ op, name, inputs }) => {
      if (keep.includes(name)) return false;
      if (op === "Conv") return constant(inputs[1]!) && (inputs[2] === undefined || constant(inputs[2]));
      if (op === "Add") return !inputs.some(constant);
      return op === "MaxPool";
    }),
  );
  const read = new Set([...nodes].flatMap(({ op, inputs }) => (op === "Add" ? inputs : [inputs[0]!])));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return { nodes, values: new Set([...read].filter((name) => !outputs.has(name))) };
}

/** Scales of all stored values; a maximum pooling keeps its input's, so it stays exact. */
function affinesOf(graph: Graph, plan: Plan, ranges: ReadonlyMap<string, ValueRange>): Map<string, Affine> {
  const affines = new Map<string, Affine>();
  for (const name of plan.values) {
    const range = ranges.get(name);
    if (range === undefined) {
      throw new EdgecapError(
        "data-invalid",
        `Value "${name}" of graph "${graph.name}" has no range: calibrate it first.`,
      );
    }
    affines.set(name, affineOf(range));
  }
  for (const node of graph.nodes) {
    if (node.op !== "MaxPool" || !plan.nodes.has(node)) continue;
    const affine = affines.get(node.inputs[0]!);
    if (affine !== undefined) affines.set(node.outputs[0]!, affine);
  }
  return affines;
}

function dropStoredRelus(graph: Graph, affines: ReadonlyMap<string, Affine>): void {
  const reads = countReads(graph);
  const made = producers(graph);
  graph.nodes = graph.nodes.filter((node) => {
    const [output = ""] = node.outputs;
    const [source = ""] = node.inputs;
    const maker = made.get(source);
    if (node.op !== "Relu" || affines.get(output)?.zeroPoint !== 0) return true;
    if (maker === undefined || reads.get(source) !== 1 || maker.outputs.length !== 1) return true;
    maker.outputs = [output];
    return false;
  });
}

function add(graph: Graph, name: string, value: GraphTensor): string {
  graph.initializers.set(name, value);
  return name;
}

function linear(op: string, name: string, inputs: string[], output: string, axis?: number): GraphNode {
  return { op, domain: "", name, inputs, outputs: [output], attributes: axis === undefined ? {} : { axis } };
}

/** Stores a value as uint8 and reads it back: `x` becomes `x/read`. */
function pairFor(graph: Graph, name: string, { scale, zeroPoint }: Affine): GraphNode[] {
  const constants = [
    add(graph, `${name}/scale`, tensor("float32", [], [scale])),
    add(graph, `${name}/zero`, tensor("uint8", [], [zeroPoint])),
  ];
  return [
    linear("QuantizeLinear", `${name}/store`, [name, ...constants], `${name}/stored`),
    linear("DequantizeLinear", `${name}/load`, [`${name}/stored`, ...constants], `${name}/read`),
  ];
}

/** Stores a convolution's kernel as int8 and its bias as int32, in the scale of the sum. */
function storeWeights(graph: Graph, node: GraphNode, affines: ReadonlyMap<string, Affine>): GraphNode[] {
  const [source = "", kernelName = "", biasName] = node.inputs;
  const kernel = graph.initializers.get(kernelName)!;
  const { stored, scales } = quantiseChannels({ ...kernel, data: kernel.data as Float32Array });
  const stem = node.name;
  const zeros = (type: "int8" | "int32"): string =>
    add(graph, `${stem}/${type}_zeros`, tensor(type, [scales.length], new Array<number>(scales.length).fill(0)));
  const inputs = [
    add(graph, `${stem}/kernel_stored`, stored),
    add(graph, `${stem}/kernel_scales`, tensor("float32", [scales.length], scales)),
    zeros("int8"),
  ];
  const nodes = [linear("DequantizeLinear", `${stem}/kernel_load`, inputs, `${stem}/kernel_read`, 0)];
  node.inputs = [source, `${stem}/kernel_read`];
  if (biasName !== undefined) {
    const bias = graph.initializers.get(biasName)!.data as Float32Array;
    const sums = scales.map((scale) => scale * affines.get(source)!.scale);
    const whole = Int32Array.from(bias, (value, i) => Math.round(value / sums[i]!));
    const biasInputs = [
      add(graph, `${stem}/bias_stored`, tensor("int32", [whole.length], whole)),
      add(graph, `${stem}/bias_scales`, tensor("float32", [sums.length], sums)),
      zeros("int32"),
    ];
    nodes.push(linear("DequantizeLinear", `${stem}/bias_load`, biasInputs, `${stem}/bias_read`, 0));
    node.inputs.push(`${stem}/bias_read`);
  }
  return nodes;
}
