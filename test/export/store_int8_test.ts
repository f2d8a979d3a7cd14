import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../src/dataset/seeded_random.ts";
import { decodeModel, encodeModel, GraphBuilder, quantiseStoredWeights, resizeEncoder } from "../../src/export/mod.ts";
import { cosine } from "./agreement.ts";
import { runOnnx } from "./onnx_run.ts";

const random = new SeededRandom(3);
const drawn = (length: number) => Float32Array.from({ length }, () => random.normal());

/** A look-up, a matrix product and an LSTM: the three ways in which a decoder uses weights. */
function smallDecoder(): GraphBuilder {
  const g = new GraphBuilder("small");
  const tokens = g.input("tokens", "int32", [5, 2]);
  const words = g.node("Gather", [g.weight("embedding", [50, 24], drawn(1200)), tokens], { axis: 0 });
  const kernel = g.weight("kernel", [1, 96, 24], drawn(96 * 24));
  const recurrent = g.weight("recurrent", [1, 96, 24], drawn(96 * 24));
  const [, last] = g.nodes("LSTM", [words, kernel, recurrent], [true, true], { hidden_size: 24 });
  const rows = g.node("Reshape", [last!, g.ints([2, 24])]);
  g.output("logits", g.node("MatMul", [rows, g.weight("output", [24, 50], drawn(1200))]), "float32", [2, 50]);
  return g;
}

describe("quantiseStoredWeights()", () => {
  test("makes a graph a quarter as large, and changes its outputs little", async () => {
    const whole = smallDecoder();
    const feeds = { tokens: { shape: [5, 2], data: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) } };
    const expected = (await runOnnx(whole.toBytes(), feeds)).get("logits")!.data as Float32Array;
    const bytes = whole.toBytes().length;
    quantiseStoredWeights(whole.graph);
    const stored = encodeModel(whole.graph);
    expect(stored.length).toBeLessThan(0.4 * bytes);
    const got = (await runOnnx(stored, feeds)).get("logits")!.data as Float32Array;
    expect(cosine(got, expected)).toBeGreaterThan(0.999);
    expect([...got]).not.toEqual([...expected]);
  });

  test("leaves vectors and small constants alone", () => {
    const g = new GraphBuilder("plain");
    const x = g.input("x", "float32", ["n", 2000]);
    g.output("y", g.node("Add", [x, g.weight("bias", [2000], drawn(2000))]), "float32", ["n", 2000]);
    const before = g.toBytes();
    quantiseStoredWeights(g.graph);
    expect(encodeModel(g.graph)).toEqual(before);
  });
});

describe("resizeEncoder()", () => {
  test("makes an encoder for pictures of another size, with the same weights", async () => {
    const g = new GraphBuilder("encoder");
    const pixels = g.input("pixels", "float32", ["batch", 64, 64, 3]);
    const planes = g.node("Transpose", [pixels], { perm: [0, 3, 1, 2] });
    const kernel = g.weight("kernel", [5, 3, 32, 32], drawn(5 * 3 * 32 * 32));
    const seen = g.node("Conv", [planes, kernel], {
      kernel_shape: [32, 32],
      strides: [32, 32],
      auto_pad: "SAME_UPPER",
    });
    const rows = g.node("Reshape", [g.node("Transpose", [seen], { perm: [0, 2, 3, 1] }), g.ints([-1, 4, 5])]);
    g.output("grid", rows, "float32", ["batch", 4, 5]);
    const resized = resizeEncoder(decodeModel(g.toBytes()), 90);
    const size = 90 * 90 * 3;
    const output = await runOnnx(encodeModel(resized), { pixels: { shape: [2, 90, 90, 3], data: drawn(2 * size) } });
    expect(output.get("grid")!.shape).toEqual([2, 9, 5]);
  });

  test("refuses a graph that is not an encoder", () => {
    const g = new GraphBuilder("sum");
    const x = g.input("x", "float32", ["n", 2]);
    g.output("y", g.node("Add", [x, x]), "float32", ["n", 2]);
    expect(() => resizeEncoder(g.graph, 90)).toThrow(/is not an encoder/);
  });
});
