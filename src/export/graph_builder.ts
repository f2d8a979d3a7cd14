import { EdgecapError } from "../errors.ts";
import type { Attribute, Dimensions, Graph, GraphNode } from "./graph.ts";
import { encodeModel } from "./onnx_proto.ts";
import { type GraphTensor, type TensorType, tensor } from "./tensor.ts";

declare const valueBrand: unique symbol;

/** A value in a graph under construction, by its unique name. Only a {@linkcode GraphBuilder} creates these. */
export type Value = string & { readonly [valueBrand]: true };

/** Options of {@linkcode GraphBuilder}. */
export interface GraphBuilderOptions {
  /** Version of ONNX's operator set. Default 17. */
  readonly opset?: number;
}

/** Options of one node. */
export interface NodeOptions {
  /** Name of the node, and the stem of its outputs' names; a number makes it unique. Default: the operation. */
  readonly name?: string;
  /** Operator set, for instance `com.microsoft`. Default: ONNX's own. */
  readonly domain?: string;
}

/**
 * Builds an ONNX graph node by node.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "edgecap/export";
 *
 * const g = new GraphBuilder("classifier");
 * const x = g.input("features", "float32", ["batch", 2]);
 * const w = g.weight("kernel", [2, 3], [1, 2, 3, 4, 5, 6]);
 * const scores = g.node("Softmax", [g.node("MatMul", [x, w])], { axis: -1 });
 * g.output("scores", scores, "float32", ["batch", 3]);
 * const bytes = g.toBytes();
 * ```
 */
export class GraphBuilder {
  /** The graph so far: plain data for the passes (folding, quantisation). */
  readonly graph: Graph;
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, Value>();
  /** New names of the values that became outputs. */
  readonly #aliases = new Map<string, string>();

  /**
   * @param name Name of the graph, shown by viewers.
   * @param options See {@linkcode GraphBuilderOptions}.
   */
  /**
   * Begins an empty graph.
   *
   * @param name Name of the graph, which appears in onnxruntime's messages.
   */
  constructor(name: string, options: GraphBuilderOptions = {}) {
    this.graph = {
      name,
      opset: options.opset ?? 17,
      inputs: [],
      outputs: [],
      nodes: [],
      initializers: new Map(),
      metadata: new Map(),
    };
  }

  /**
   * Declares an input of the graph.
   *
   * @param name Name under which the caller sets it.
   * @param type Element type.
   * @param shape Lengths; a name such as `"batch"` if the caller chooses.
   * @throws {EdgecapError} `option-invalid` if the name is taken.
   */
  input(name: string, type: TensorType, shape: Dimensions): Value {
    this.#claim(name);
    this.graph.inputs.push({ name, type, shape: [...shape] });
    return name as Value;
  }

  /**
   * Adds an operation with one output, and returns that output.
   *
   * @param op Operator of ONNX, for instance `"MatMul"`.
   * @param inputs Values it reads; `null` omits an optional input.
   * @param attributes Attributes by name; whole numbers are written as INT unless ONNX wants FLOAT under that name.
   * @param options See {@linkcode NodeOptions}.
   */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: NodeOptions = {},
  ): Value {
    return this.#add(op, inputs, attributes, options, [true])[0]!;
  }

  /**
   * Adds an operation with several outputs.
   *
   * @param outputs Number of outputs, or one flag per output: `false` omits an optional output, and its
   *   place in the result holds an empty name that must not be used.
   */
  nodes(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: number | readonly boolean[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: NodeOptions = {},
  ): Value[] {
    const wanted = typeof outputs === "number" ? new Array<boolean>(outputs).fill(true) : outputs;
    return this.#add(op, inputs, attributes, options, wanted);
  }

  /**
   * Adds float32 weights.
   *
   * @param name Stem of the constant's name.
   * @param shape Lengths.
   * @param data Elements in row-major order; a `Float32Array` is kept without a copy.
   */
  weight(name: string, shape: readonly number[], data: Float32Array | readonly number[]): Value {
    return this.initializer(name, tensor("float32", shape, data));
  }

  /**
   * Adds a constant of any type.
   *
   * @param name Stem of its name; a number makes it unique.
   */
  initializer(name: string, value: GraphTensor): Value {
    const unique = this.#unique(name);
    this.graph.initializers.set(unique, value);
    return unique;
  }

  /** A constant number; the same number of the same type is stored once. Default type float32. */
  scalar(value: number, type: TensorType = "float32"): Value {
    return this.#shared(type, [], [value]);
  }

  /** A constant list of whole numbers (int64), as shapes and axes are given; the same list is stored once. */
  ints(values: readonly number[]): Value {
    return this.#shared("int64", [values.length], values);
  }

  /** A constant list of numbers; the same list of the same type is stored once. Default type float32. */
  list(values: readonly number[], type: TensorType = "float32"): Value {
    return this.#shared(type, [values.length], values);
  }

  /**
   * Makes a value an output of the graph.
   *
   * @param name Name under which the caller reads it.
   * @param value The value; it can be read by further nodes as before.
   * @param type Element type.
   * @param shape Lengths; a name if they depend on the inputs.
   * @throws {EdgecapError} `option-invalid` if the name is taken.
   */
  output(name: string, value: Value, type: TensorType, shape: Dimensions): Value {
    const source = this.#current(value);
    if (source !== name) {
      this.#claim(name);
      const maker = this.graph.nodes.find((node) => node.outputs.includes(source));
      if (maker === undefined || this.graph.outputs.some((output) => output.name === source)) {
        // Inputs, constants and earlier outputs keep their names.
        this.graph.nodes.push(plainNode("Identity", this.#unique(`${name}_copy`), [source], [name]));
      } else {
        maker.outputs = renamed(maker.outputs, source, name);
        for (const node of this.graph.nodes) node.inputs = renamed(node.inputs, source, name);
        this.#aliases.set(source, name);
      }
    }
    this.graph.outputs.push({ name, type, shape: [...shape] });
    return name as Value;
  }

  /** Stores metadata with the graph, for instance its source or its licence. */
  describe(key: string, text: string): void {
    this.graph.metadata.set(key, text);
  }

  /** The graph as the bytes of an `.onnx` file. */
  toBytes(): Uint8Array {
    return encodeModel(this.graph);
  }

  #add(
    op: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>>,
    options: NodeOptions,
    wanted: readonly boolean[],
  ): Value[] {
    const name = this.#unique(options.name ?? op);
    const made = wanted.map((want, index) => {
      if (!want) return "" as Value;
      return index === 0 ? name : this.#unique(`${name}:${index}`);
    });
    const sources = inputs.map((input) => (input === null ? "" : this.#current(input)));
    const node = plainNode(op, name, sources, [...made], options.domain);
    node.attributes = { ...attributes };
    this.graph.nodes.push(node);
    return made;
  }

  #shared(type: TensorType, shape: readonly number[], values: readonly number[]): Value {
    const key = `${type}[${shape.join()}]${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const made = this.initializer("constant", tensor(type, shape, values));
    this.#constants.set(key, made);
    return made;
  }

  #current(value: Value): string {
    return this.#aliases.get(value) ?? value;
  }

  #unique(stem: string): Value {
    let name = stem;
    for (let count = 2; this.#names.has(name); count++) name = `${stem}_${count}`;
    this.#names.add(name);
    return name as Value;
  }

  #claim(name: string): void {
    if (name === "" || this.#names.has(name)) {
      throw new EdgecapError(
        "option-invalid",
        `The name "${name}" is taken in graph "${this.graph.name}"; choose another.`,
      );
    }
    this.#names.add(name);
  }
}

function plainNode(op: string, name: string, inputs: string[], outputs: string[], domain = ""): GraphNode {
  return { op, domain, name, inputs, outputs, attributes: {} };
}

function renamed(names: readonly string[], from: string, to: string): string[] {
  return names.map((name) => (name === from ? to : name));
}
