import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { GraphBuilder, quantiseStoredWeights } from "../../src/export/mod.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { unsignedWeights, withWidened } from "../../src/runtime/native.ts";
import { hasIntegerProducts, widenedWeights } from "../../src/runtime/stored_weights.ts";

const defaultBundle = new URL("../../models/default/", import.meta.url);

/** One product by weights that are stored in 8 bits. */
function storedIn8Bits(): Uint8Array {
  const g = new GraphBuilder("product");
  const x = g.input("x", "float32", [1, 64]);
  const weights = Float32Array.from({ length: 64 * 32 }, (_, i) => Math.sin(i));
  g.output("y", g.node("MatMul", [x, g.weight("weights", [64, 32], weights)]), "float32", [1, 32]);
  quantiseStoredWeights(g.graph);
  return g.toBytes();
}

describe("hasIntegerProducts()", () => {
  test("is true of the encoder, and false of the decoder, which stores 8 bits and computes in float32", async () => {
    const of = async (file: string) => hasIntegerProducts(new Uint8Array(await readFile(new URL(file, defaultBundle))));
    expect(await of("encoder.onnx")).toBe(true);
    expect(await of("decoder_init.onnx")).toBe(false);
    expect(await of("decoder_step.onnx")).toBe(false);
    expect(hasIntegerProducts(storedIn8Bits())).toBe(false);
  });

  test("finds an operator at every place, also where one part of a large graph ends and the next begins", () => {
    const large = new Uint8Array(200_000);
    for (const operator of ["QuantizeLinear", "QLinearConv", "MatMulInteger", "ConvInteger"]) {
      const name = new TextEncoder().encode(operator);
      const places = [0, 65_536 - name.length, 131_072, large.length - name.length];
      for (let place = 65_536 - name.length; place < 65_536 + 2; place++) places.push(place, place + 65_536);
      for (const place of places) {
        const graph = large.slice();
        graph.set(name, place);
        expect([operator, place, hasIntegerProducts(graph)]).toEqual([operator, place, true]);
        graph[place] = 0;
        expect(hasIntegerProducts(graph)).toBe(false);
      }
    }
    expect(hasIntegerProducts(new Uint8Array(0))).toBe(false);
  });
});

test("stored weights are widened beside what makes products exact, whatever onnxruntime adds to its options", () => {
  Object.assign(widenedWeights().extra.session, { use_ort_model_bytes_directly: "1" });
  expect(withWidened({})).toEqual({ extra: { session: { disable_quant_qdq: "1" } } });
  expect(withWidened(unsignedWeights)).toEqual({
    extra: { session: { x64quantprecision: "1", disable_quant_qdq: "1" } },
  });
  expect(unsignedWeights).toEqual({ extra: { session: { x64quantprecision: "1" } } });
});

test("a product by weights stored in 8 bits is that of the widened weights", async () => {
  const x = { data: Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)), shape: [1, 64] };
  await using session = await GraphSession.create("product", storedIn8Bits(), { threads: 1, backend: "wasm" });
  const { y } = await session.run({ x });
  for (let column = 0; column < 32; column++) {
    const exact = x.data.reduce((sum, value, row) => sum + value * Math.sin(row * 32 + column), 0);
    // Each weight is at most half a step of 1/127 from the stored one.
    expect(Math.abs((y!.data as Float32Array)[column]! - exact)).toBeLessThan(0.5 * 64 * (0.5 / 127));
  }
});
