import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Graph } from "../../src/export/graph.ts";
import { GraphBuilder } from "../../src/export/graph_builder.ts";
import { decodeModel, encodeModel } from "../../src/export/onnx_proto.ts";
import { onnxSchema } from "../../src/export/onnx_schema.ts";
import { type TensorType, tensor } from "../../src/export/tensor.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { refusalOf } from "./refusal.ts";

const name = fc.string({ minLength: 1, maxLength: 8 });
const whole = fc.integer({ min: 0, max: 127 });
const type = fc.constantFrom<TensorType>("float32", "float16", "uint8", "int8", "int32", "int64", "bool");

const constant = fc
  .record({ type, numbers: fc.array(whole, { maxLength: 6 }) })
  .map(({ type, numbers }) => tensor(type, [numbers.length], numbers));

const attribute = fc.oneof(
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  fc.constantFrom(0.5, -2.25),
  name,
  fc.array(fc.integer(), { minLength: 1 }),
  fc.constant([0.5, 3]),
  fc.array(name, { minLength: 1 }),
  constant,
);

const value = fc.record({
  name,
  type,
  shape: fc.option(fc.array(fc.oneof(fc.integer({ min: 1, max: 1e6 }), name)), { nil: null }),
});

const graphs: fc.Arbitrary<Graph> = fc.record({
  name,
  opset: fc.integer({ min: 1, max: 25 }),
  inputs: fc.array(value, { maxLength: 3 }),
  outputs: fc.array(value, { maxLength: 3 }),
  nodes: fc.array(
    fc.record({
      op: name,
      domain: fc.constantFrom("", "com.microsoft"),
      name,
      inputs: fc.array(fc.oneof(name, fc.constant("")), { maxLength: 3 }),
      outputs: fc.array(name, { maxLength: 3 }),
      attributes: fc.array(fc.tuple(name, attribute), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    }),
    { maxLength: 4 },
  ),
  initializers: fc.array(fc.tuple(name, constant), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  metadata: fc.array(fc.tuple(name, fc.string()), { maxLength: 2 }).map((pairs) => new Map(pairs)),
});

describe("encodeModel()", () => {
  test("writes the body of a loop, which reads values from outside", async () => {
    const g = new GraphBuilder("powers");
    const factor = g.input("factor", "float32", [1]);
    const body = new GraphBuilder("body");
    body.input("round", "int64", []);
    const going = body.input("going", "bool", []);
    const product = body.node("Mul", [body.input("before", "float32", [1]), factor], {}, { name: "product" });
    body.output("going_on", going, "bool", []);
    body.output("after", product, "float32", [1]);
    body.output("each", product, "float32", [1]);
    const start = g.initializer("one", tensor("float32", [1], [1]));
    const inputs = [g.scalar(4, "int64"), g.initializer("yes", tensor("bool", [], [1])), start];
    const [, powers] = g.nodes("Loop", inputs, 2, { body: body.graph });
    g.output("powers", powers!, "float32", [4, 1]);
    await using session = await GraphSession.create("powers", g.toBytes());
    const { powers: found } = await session.run({ factor: { data: Float32Array.of(3), shape: [1] } });
    expect([...found!.data]).toEqual([3, 9, 27, 81]);
    expect(refusalOf(() => decodeModel(g.toBytes())).message).toContain('"body" has type 5');
  });
});

describe("decodeModel()", () => {
  test("reads back what encodeModel() wrote", () => {
    fc.assert(fc.property(graphs, (graph) => expect(decodeModel(encodeModel(graph))).toEqual(graph)));
  });

  test("reads tensors from wherever they start in a buffer", () => {
    const graph: Graph = {
      name: "g",
      opset: 17,
      inputs: [],
      outputs: [],
      nodes: [],
      initializers: new Map([["w", tensor("float32", [3], [1, 2, 3])]]),
      metadata: new Map(),
    };
    const bytes = encodeModel(graph);
    for (let offset = 0; offset < 4; offset++) {
      const room = Buffer.concat([Buffer.alloc(offset), bytes]);
      expect(decodeModel(room.subarray(offset)).initializers.get("w")?.data).toEqual(new Float32Array([1, 2, 3]));
    }
  });

  test("refuses bytes that are not a model", () => {
    expect(refusalOf(() => decodeModel(new TextEncoder().encode("<html>not a model</html>"))).code).toBe(
      "data-invalid",
    );
    expect(refusalOf(() => decodeModel(new Uint8Array(0))).message).toContain("0 bytes contain no ONNX graph");
  });

  test("refuses graphs whose parts lack what the schema requires", () => {
    const type = onnxSchema.lookupType("ModelProto");
    const refusal = (graph: object) =>
      refusalOf(() => decodeModel(type.encode(type.fromObject({ graph })).finish())).message;
    const tensorType = { tensorType: { elemType: 1 } };
    expect(refusal({ input: [{ name: "x" }] })).toContain("element type 0");
    expect(refusal({ input: [{ name: "x", type: {} }] })).toContain("element type 0");
    expect(refusal({ output: [{ type: tensorType }] })).toContain("an input or output without a name");
    expect(refusal({ node: [{ name: "n" }] })).toContain("an operation without a name");
    expect(refusal({ node: [{ opType: "Add", attribute: [{ type: 1 }] }] })).toContain("an attribute without a name");
    expect(refusal({ initializer: [{ dataType: 1, dims: [0] }] })).toContain("a tensor without a name");
    const negative = { name: "w", dataType: 2, dims: [-2, -1], rawData: Uint8Array.of(1, 2) };
    expect(refusal({ initializer: [negative] })).toContain('"w" has the shape [-2, -1]');
  });
});
