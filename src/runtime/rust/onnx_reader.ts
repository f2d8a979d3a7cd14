/** A constant of a graph. */
export interface OnnxTensor {
  /** Code of its type: 1 float32, 2 uint8, 3 int8, 6 int32, 7 int64. */
  readonly type: number;
  readonly shape: readonly number[];
  /** Its numbers, little-endian: a part of the file, not a copy. */
  readonly bytes: Uint8Array;
}

/** An attribute; `undefined` if it is a tensor, a graph or a list of other things than integers. */
export type OnnxAttribute = number | string | readonly number[] | undefined;

/** An operation. */
export interface OnnxNode {
  readonly op: string;
  /** Operator set; empty for ONNX's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** An input or output; a name stands for a length that the caller chooses. */
export interface OnnxPort {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly (number | string)[];
}

/** A graph as its file has it. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/**
 * Reads a graph whose constants have raw bytes, without copying them. src/export/ reads whole models, but needs a
 * package that no app should carry.
 *
 * @throws {Error} if the bytes are not such a file.
 */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  let graph: OnnxGraph | undefined;
  // A Buffer's slice() is a view, not a copy.
  const { buffer, byteOffset, byteLength } = bytes;
  for (const field of fieldsOf(new Uint8Array(buffer, byteOffset, byteLength)))
    if (field.number === 7) graph = readGraph(field.bytes);
  if (graph === undefined) throw new Error("the file contains no graph");
  return graph;
}

/** A place in a protobuf message. */
class Cursor {
  readonly #message: Uint8Array;
  #at = 0;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  get atEnd(): boolean {
    return this.#at >= this.#message.length;
  }

  /** Reads a variable-length integer. */
  integer(): number {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#message[this.#at++];
      if (byte === undefined) throw new Error(`the file ends within a number, after ${this.#message.length} bytes`);
      const bits = byte & 127;
      if (shift < 28) low += bits * 2 ** shift;
      else if (shift === 28) {
        low += (bits & 15) * 2 ** 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) return high * 2 ** 32 + low;
    }
    throw new Error(`a number has more than 10 bytes, before byte ${this.#at}`);
  }

  /** Takes the next bytes. */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (length < 0 || end > this.#message.length)
      throw new Error(`a field of ${length} bytes begins at byte ${this.#at} of ${this.#message.length}`);
    const taken = this.#message.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** A field of a protobuf message. */
class Field {
  readonly number: number;
  readonly #content: number | Uint8Array;

  constructor(number: number, content: number | Uint8Array) {
    this.number = number;
    this.#content = content;
  }

  get value(): number {
    if (typeof this.#content === "number") return this.#content;
    throw new Error(`field ${this.number} holds bytes instead of a number`);
  }

  get bytes(): Uint8Array {
    if (typeof this.#content !== "number") return this.#content;
    throw new Error(`field ${this.number} holds a number instead of bytes`);
  }

  get text(): string {
    return decoder.decode(this.bytes);
  }

  /** The integers of a repeated field: one, or all of them packed. */
  get integers(): number[] {
    if (typeof this.#content === "number") return [this.#content];
    const numbers: number[] = [];
    for (const cursor = new Cursor(this.#content); !cursor.atEnd; ) numbers.push(cursor.integer());
    return numbers;
  }
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  const cursor = new Cursor(message);
  while (!cursor.atEnd) {
    const tag = cursor.integer();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) yield new Field(number, cursor.integer());
    else if (wire === 1) yield new Field(number, cursor.take(8));
    else if (wire === 2) yield new Field(number, cursor.take(cursor.integer()));
    else if (wire === 5) {
      const { buffer, byteOffset } = cursor.take(4);
      yield new Field(number, new DataView(buffer, byteOffset).getFloat32(0, true));
    } else throw new Error(`field ${number} has the wire type ${wire}, which ONNX does not use`);
  }
}

const decoder = new TextDecoder();

function readGraph(message: Uint8Array): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const [inputs, outputs]: [OnnxPort[], OnnxPort[]] = [[], []];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) nodes.push(readNode(field.bytes));
    else if (field.number === 5) constants.set(...readTensor(field.bytes));
    else if (field.number === 11) inputs.push(readPort(field.bytes));
    else if (field.number === 12) outputs.push(readPort(field.bytes));
  }
  return { nodes, constants, inputs: inputs.filter(({ name }) => !constants.has(name)), outputs };
}

function readNode(message: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes = new Map<string, OnnxAttribute>();
  let [op, domain] = ["", ""];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) inputs.push(field.text);
    else if (field.number === 2) outputs.push(field.text);
    else if (field.number === 4) op = field.text;
    else if (field.number === 5) attributes.set(...readAttribute(field.bytes));
    else if (field.number === 7) domain = field.text;
  }
  return { op, domain, inputs, outputs, attributes };
}

function readAttribute(message: Uint8Array): [string, OnnxAttribute] {
  let name = "";
  let value: OnnxAttribute;
  let type = 0;
  const list: number[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = field.text;
    else if (field.number === 2 || field.number === 3) value = field.value;
    else if (field.number === 4) value = field.text;
    else if (field.number === 8) list.push(...field.integers);
    else if (field.number === 20) type = field.value;
  }
  // Writers leave zeros and empty lists out.
  const omitted: Readonly<Record<number, OnnxAttribute>> = { 1: 0, 2: 0, 3: "", 7: list };
  return [name, value ?? omitted[type]];
}

function readTensor(message: Uint8Array): [string, OnnxTensor] {
  const shape: number[] = [];
  let [name, type] = ["", 0];
  let bytes = new Uint8Array(0) as Uint8Array;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) shape.push(...field.integers);
    else if (field.number === 2) type = field.value;
    else if (field.number === 8) name = field.text;
    else if (field.number === 9) bytes = field.bytes;
  }
  return [name, { type, shape, bytes }];
}

function readPort(message: Uint8Array): OnnxPort {
  let [name, type] = ["", 0];
  const shape: (number | string)[] = [];
  const parts = (whole: Uint8Array, wanted: number) => [...fieldsOf(whole)].filter(({ number }) => number === wanted);
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = field.text;
    if (field.number !== 2) continue;
    for (const tensor of parts(field.bytes, 1)) {
      for (const { value } of parts(tensor.bytes, 1)) type = value;
      for (const lengths of parts(tensor.bytes, 2)) {
        for (const { bytes } of parts(lengths.bytes, 1)) shape.push(lengthOf(bytes));
      }
    }
  }
  return { name, type, shape };
}

function lengthOf(dimension: Uint8Array): number | string {
  for (const field of fieldsOf(dimension)) {
    if (field.number === 1) return field.value;
    if (field.number === 2) return field.text;
  }
  return "";
}
