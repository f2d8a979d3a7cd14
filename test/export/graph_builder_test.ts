import { describe, expect, test } from "bun:test";
import { EdgecapError } from "../../src/errors.ts";
import { GraphBuilder } from "../../src/export/graph_builder.ts";
import { halveWeights } from "../../src/export/half_weights.ts";
import { tensor } from "../../src/export/tensor.ts";
import { largestDifference } from "./agreement.ts";
import { runOnnx } from "./onnx_run.ts";

function matrix(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i + 1) / 3);
}

describe("GraphBuilder", () => {
  test("builds a graph that onnxruntime runs", async () => {
    const g = new GraphBuilder("sum");
    const tokens = g.input("tokens", "int32", ["images", "beams"]);
    const table = g.weight("table", [3, 2], [1, 2, 3, 4, 5, 6]);
    const words = g.node("Gather", [table, tokens], { axis: 0 });
    const [low, high] = g.nodes("Split", [words, g.ints([1, 1])], 2, { axis: -1 });
    g.output("product", g.node("Mul", [low!, high!]), "float32", ["images", "beams", 1]);
    const outputs = await runOnnx(g.toBytes(), { tokens: { shape: [1, 2], data: Int32Array.of(2, 0) } });
    expect(outputs.get("product")).toEqual({ shape: [1, 2, 1], data: Float32Array.of(30, 2) });
  });

  test("lets a value be read after it became an output, and be an output twice", async () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", [2]);
    const twice = g.node("Add", [x, x]);
    g.output("twice", twice, "float32", [2]);
    g.output("again", twice, "float32", [2]);
    g.output("thrice", g.node("Add", [twice, x]), "float32", [2]);
    g.output("same", x, "float32", [2]);
    const outputs = await runOnnx(g.toBytes(), { x: { shape: [2], data: Float32Array.of(1, -2) } });
    expect([...outputs.get("again")!.data]).toEqual([2, -4]);
    expect([...outputs.get("thrice")!.data]).toEqual([3, -6]);
    expect([...outputs.get("same")!.data]).toEqual([1, -2]);
  });

  test("leaves optional inputs and outputs out", async () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", [1, 1, 2]);
    const w = g.weight("w", [1, 4, 2], new Float32Array(8).fill(0.5));
    const r = g.weight("r", [1, 4, 1], new Float32Array(4).fill(0.5));
    const [, hidden] = g.nodes("LSTM", [x, w, r, null, null], [false, true], { hidden_size: 1 });
    g.output("hidden", hidden!, "float32", [1, 1, 1]);
    const outputs = await runOnnx(g.toBytes(), { x: { shape: [1, 1, 2], data: Float32Array.of(1, 1) } });
    const gate = 1 / (1 + Math.exp(-1));
    expect(outputs.get("hidden")!.data[0]).toBeCloseTo(gate * Math.tanh(gate * Math.tanh(1)), 5);
  });

  test("stores equal constants once, and zeros of either sign apart", () => {
    const g = new GraphBuilder("g");
    expect(g.scalar(1)).toBe(g.scalar(1));
    expect(g.scalar(1, "int64")).not.toBe(g.scalar(1));
    expect(g.scalar(-0)).not.toBe(g.scalar(0));
    expect(g.ints([1])).not.toBe(g.scalar(1, "int64"));
  });

  test("refuses a name that is taken", () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", [1]);
    expect(() => g.input("x", "float32", [1])).toThrow('The name "x" is taken in graph "g"; choose another.');
    expect(() => g.output("Relu", g.node("Neg", [g.node("Relu", [x])]), "float32", [1])).toThrow(EdgecapError);
  });
});

describe("tensor()", () => {
  test("refuses a shape of another size", () => {
    expect(() => tensor("int8", [2, 2], [1, 2, 3])).toThrow(
      "A tensor of shape [2, 2] holds 4 elements, but 3 were given.",
    );
  });
});

describe("halveWeights()", () => {
  test("halves the bytes and computes the same up to the rounding of weights", async () => {
    const build = (): GraphBuilder => {
      const g = new GraphBuilder("g");
      const product = g.node("MatMul", [g.input("x", "float32", [1, 64]), g.weight("w", [64, 64], matrix(64, 64))]);
      g.output("y", g.node("Add", [product, g.weight("b", [64], matrix(1, 64))]), "float32", [1, 64]);
      return g;
    };
    const whole = build().toBytes();
    const halved = build();
    halveWeights(halved.graph);
    const half = halved.toBytes();
    expect(half.length).toBeLessThan(whole.length * 0.6);
    const x = { shape: [1, 64], data: matrix(1, 64) };
    const [expected, got] = [await runOnnx(whole, { x }), await runOnnx(half, { x })];
    const difference = largestDifference(got.get("y")!.data, expected.get("y")!.data);
    expect(difference).toBeLessThan(2e-3);
    expect(difference).toBeGreaterThan(0);
  });
});
