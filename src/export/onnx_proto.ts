import { EdgecapError } from "../errors.ts";
import type { Attribute, Graph, GraphNode, GraphValue } from "./graph.ts";
import { onnxSchema } from "./onnx_schema.ts";
import { type GraphTensor, tensorBytes, tensorFromBytes, typeCode, typeOfCode } from "./tensor.ts";

// IR version 8 belongs to opset 17; every recent onnxruntime reads it.
const irVersion = 8;

const attributeType = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

// An operator's schema fixes the types of its attributes: these stay FLOAT even if their value is a whole number.
const floatAttributes: ReadonlySet<string> = new Set([
  "activation_alpha",
  "activation_beta",
  "alpha",
  "beta",
  "bias",
  "clip",
  "epsilon",
  "extrapolation_value",
  "gamma",
  "high",
  "lambd",
  "low",
  "mean",
  "momentum",
  "scale",
  "threshold",
  "value_float",
  "value_floats",
]);

interface TensorProto {
  dims: number[];
  dataType: number;
  name: string;
  rawData?: Uint8Array;
}

interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
}

interface ValueInfoProto {
  name: string;
  /** Missing, as its parts may be, in a file that was damaged. */
  type?: { tensorType?: { elemType?: number; shape?: { dim: { dimValue?: number; dimParam?: string }[] } } };
}

interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  attribute: AttributeProto[];
  domain: string;
}

interface GraphProto {
  name: string;
  node: NodeProto[];
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
}

interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  graph: GraphProto;
  opsetImport: { domain: string; version: number }[];
  metadataProps: { key: string; value: string }[];
}

const text = new TextEncoder();
const plain = new TextDecoder();

function writeTensor(name: string, value: GraphTensor): TensorProto {
  return { name, dims: [...value.shape], dataType: typeCode(value.type), rawData: tensorBytes(value) };
}

/** A name that a file may lack, though the schema asks for it. */
function nameOf(name: string | undefined, what: string): string {
  if (name !== undefined && name !== "") return name;
  throw new EdgecapError("data-invalid", `The ONNX graph has ${what} without a name: give a complete .onnx file.`);
}

function readTensor(proto: TensorProto): GraphTensor {
  if (proto.dims.some((length) => length < 0)) {
    throw new EdgecapError("data-invalid", `The ONNX tensor "${proto.name}" has the shape [${proto.dims.join(", ")}].`);
  }
  return tensorFromBytes(typeOfCode(proto.dataType), proto.dims, proto.rawData ?? new Uint8Array(0));
}

function isObject(value: Attribute): value is GraphTensor | Graph {
  return typeof value === "object" && !Array.isArray(value);
}

function writeAttribute(name: string, value: Attribute): AttributeProto {
  if (isObject(value)) {
    return "nodes" in value
      ? { name, type: attributeType.graph, g: writeGraph(value) }
      : { name, type: attributeType.tensor, t: writeTensor("", value) };
  }
  if (typeof value === "string") return { name, type: attributeType.string, s: text.encode(value) };
  const isFloat = (numbers: readonly number[]): boolean =>
    floatAttributes.has(name) || numbers.some((number) => !Number.isInteger(number));
  if (typeof value === "number") {
    return isFloat([value])
      ? { name, type: attributeType.float, f: value }
      : { name, type: attributeType.int, i: value };
  }
  if (value.some((item) => typeof item === "string")) {
    return { name, type: attributeType.strings, strings: value.map((item) => text.encode(String(item))) };
  }
  const numbers = value.map(Number);
  return isFloat(numbers)
    ? { name, type: attributeType.floats, floats: numbers }
    : { name, type: attributeType.ints, ints: numbers };
}

function readAttribute(proto: AttributeProto): Attribute {
  switch (proto.type) {
    case attributeType.float:
      return proto.f ?? 0;
    case attributeType.int:
      return proto.i ?? 0;
    case attributeType.string:
      return plain.decode(proto.s);
    case attributeType.tensor:
      if (proto.t !== undefined) return readTensor(proto.t);
      break;
    case attributeType.floats:
      return proto.floats ?? [];
    case attributeType.ints:
      return proto.ints ?? [];
    case attributeType.strings:
      return (proto.strings ?? []).map((bytes) => plain.decode(bytes));
  }
  throw new EdgecapError(
    "data-invalid",
    `Attribute "${proto.name}" has type ${proto.type}, which edgecap does not read.`,
  );
}

function writeValue({ name, type, shape }: GraphValue): ValueInfoProto {
  const elemType = typeCode(type);
  if (shape === null) return { name, type: { tensorType: { elemType } } };
  const dim = shape.map((length) => (typeof length === "number" ? { dimValue: length } : { dimParam: length }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

function readValue({ name, type }: ValueInfoProto): GraphValue {
  const { elemType = 0, shape } = type?.tensorType ?? {};
  const dimensions = shape?.dim.map(({ dimValue, dimParam }) => dimParam ?? dimValue ?? "unknown") ?? null;
  return { name: nameOf(name, "an input or output"), type: typeOfCode(elemType), shape: dimensions };
}

function writeGraph(graph: Graph): GraphProto {
  return {
    name: graph.name,
    node: graph.nodes.map((node) => ({
      input: node.inputs,
      output: node.outputs,
      name: node.name,
      opType: node.op,
      attribute: Object.entries(node.attributes).map(([name, value]) => writeAttribute(name, value)),
      domain: node.domain,
    })),
    initializer: [...graph.initializers].map(([name, value]) => writeTensor(name, value)),
    input: graph.inputs.map(writeValue),
    output: graph.outputs.map(writeValue),
  };
}

/** Operator sets of a graph's nodes, including those in subgraphs. */
function domainsOf(graph: Graph): Set<string> {
  const bodies = graph.nodes.flatMap(({ attributes }) =>
    Object.values(attributes).filter((value): value is Graph => isObject(value) && "nodes" in value),
  );
  return new Set([...graph.nodes.map(({ domain }) => domain), ...bodies.flatMap((body) => [...domainsOf(body)])]);
}

/** Writes a graph as the bytes of an `.onnx` file. */
export function encodeModel(graph: Graph): Uint8Array {
  const domains = [...domainsOf(graph)].filter((domain) => domain !== "");
  const model: ModelProto = {
    irVersion,
    producerName: "edgecap",
    producerVersion: "",
    graph: writeGraph(graph),
    opsetImport: [{ domain: "", version: graph.opset }, ...domains.map((domain) => ({ domain, version: 1 }))],
    metadataProps: [...graph.metadata].map(([key, value]) => ({ key, value })),
  };
  const type = onnxSchema.lookupType("ModelProto");
  return type.encode(type.create(model)).finish();
}

/**
 * Reads the bytes of an `.onnx` file.
 *
 * Reads what {@linkcode encodeModel} writes, except for subgraphs; every constant must be in `raw_data`.
 *
 * @throws {EdgecapError} `data-invalid` if the bytes are not a model, or hold a type or attribute out of that subset.
 */
export function decodeModel(bytes: Uint8Array): Graph {
  const type = onnxSchema.lookupType("ModelProto");
  let model: ModelProto;
  try {
    model = type.toObject(type.decode(bytes), { longs: Number, arrays: true, defaults: false }) as ModelProto;
  } catch (cause) {
    throw new EdgecapError(
      "data-invalid",
      `${bytes.byteLength} bytes cannot be read as an ONNX model: give a complete .onnx file.`,
      { cause },
    );
  }
  if (model.graph === undefined) {
    throw new EdgecapError(
      "data-invalid",
      `${bytes.byteLength} bytes contain no ONNX graph: give a complete .onnx file.`,
    );
  }
  return readGraph(
    model.graph,
    model.opsetImport.find(({ domain }) => (domain ?? "") === "")?.version ?? 0,
    new Map(model.metadataProps.map(({ key, value }) => [key, value ?? ""])),
  );
}

function readGraph(proto: GraphProto, opset: number, metadata: Map<string, string>): Graph {
  return {
    name: proto.name ?? "",
    opset,
    inputs: proto.input.map(readValue),
    outputs: proto.output.map(readValue),
    nodes: proto.node.map(
      (node): GraphNode => ({
        op: nameOf(node.opType, "an operation"),
        domain: node.domain ?? "",
        name: node.name ?? "",
        inputs: node.input,
        outputs: node.output,
        attributes: Object.fromEntries(
          node.attribute.map((attribute) => [nameOf(attribute.name, "an attribute"), readAttribute(attribute)]),
        ),
      }),
    ),
    initializers: new Map(proto.initializer.map((value) => [nameOf(value.name, "a tensor"), readTensor(value)])),
    metadata,
  };
}
