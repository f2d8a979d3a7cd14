import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { EdgecapError } from "../../../src/errors.ts";
import { encodeModel, type Graph, tensor } from "../../../src/export/mod.ts";
import { decodeModel } from "../../../src/export/onnx_proto.ts";
import { readOnnx } from "../../../src/runtime/rust/onnx_reader.ts";
import { placeImages } from "../../../src/runtime/rust/place_images.ts";
import { readsOf } from "../../../src/runtime/rust/plan.ts";
import { readPlan } from "../../../src/runtime/rust/read_plan.ts";
import { encoderShapes, randomEncoder } from "./random_encoder.ts";

const layer = { kind: "residual", kernel: 3, stride: 1, pad: 1, channels: 16, relu: true } as const;
const pool = { ...layer, kind: "pool", kernel: 2, pad: 0 } as const;
// A copy, because the exporter gives a Buffer, whose slices are views.
const encoder = Uint8Array.from(randomEncoder({ seed: 5, size: 8, channels: 3, layers: [pool, layer], sum: true }));

/** The encoder with one thing changed. */
function changed(change: (graph: Graph) => void): Uint8Array {
  const graph = decodeModel(encoder);
  change(graph);
  return encodeModel(graph);
}

const nodeOf = (graph: Graph, op: string, at = 0) => graph.nodes.filter((node) => node.op === op)[at]!;

/** Changes a constant that a node reads. */
function constantOf(graph: Graph, op: string, input: number, change: (data: { [at: number]: number }) => void): void {
  const name = nodeOf(graph, op).inputs[input]!;
  const { type, shape, data } = graph.initializers.get(name)!;
  const copy = data.slice();
  change(copy as { [at: number]: number });
  graph.initializers.set(name, tensor(type, [...shape], copy as Float32Array));
}

describe("readOnnx()", () => {
  test("reads what src/export reads", () => {
    const expected = decodeModel(encoder);
    for (const bytes of [encoder, Buffer.concat([Buffer.from([1]), encoder]).subarray(1)]) {
      const found = readOnnx(bytes);
      expect(found.nodes.map(({ op, inputs, outputs, attributes }) => [op, inputs, outputs, [...attributes]])).toEqual(
        expected.nodes.map(({ op, inputs, outputs, attributes }) => [
          op,
          inputs,
          outputs,
          Object.entries(attributes),
        ]) as [],
      );
      expect([...found.constants.keys()]).toEqual([...expected.initializers.keys()]);
      for (const [name, { shape, bytes: raw }] of found.constants) {
        const { shape: lengths, data } = expected.initializers.get(name)!;
        expect([name, shape]).toEqual([name, [...lengths]]);
        expect(raw).toEqual(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      expect(found.inputs).toEqual([{ name: "pixels", type: 1, shape: ["batch", 8, 8, 3] }]);
      expect(found.outputs[0]!.shape).toEqual(["batch", ...(expected.outputs[0]!.shape!.slice(1) as number[])]);
    }
  });
});

describe("readPlan()", () => {
  test("takes damaged files apart or refuses them, with one of its own errors", () => {
    const damage = fc.array(fc.tuple(fc.nat(encoder.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.integer({ min: 1, max: encoder.length }), (bytes, length) => {
        const broken = Uint8Array.from(encoder).subarray(0, length % 3 === 0 ? length : undefined);
        for (const [at, value] of bytes) broken[at] = value;
        try {
          expect(readPlan(broken).steps.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          // Not an error that a mistake in the reader would throw.
          expect([TypeError, ReferenceError].some((kind) => error instanceof kind)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  const refusals: Readonly<Record<string, (graph: Graph) => void>> = {
    Conv: (graph) => {
      nodeOf(graph, "Conv").attributes["group"] = 2;
    },
    "dilations = 2,2": (graph) => {
      nodeOf(graph, "Conv").attributes["dilations"] = [2, 2];
    },
    "auto_pad = SAME_UPPER": (graph) => {
      nodeOf(graph, "Conv").attributes["auto_pad"] = "SAME_UPPER";
    },
    "pads 1, 0, 1, 1": (graph) => {
      nodeOf(graph, "Conv").attributes["pads"] = [1, 0, 1, 1];
    },
    "ceil_mode = 1": (graph) => {
      nodeOf(graph, "MaxPool").attributes["ceil_mode"] = 1;
    },
    "com.example.Conv": (graph) => {
      Object.assign(nodeOf(graph, "Conv"), { domain: "com.example" });
    },
    "another scale than it was stored in": (graph) => {
      nodeOf(graph, "DequantizeLinear").inputs[1] = nodeOf(graph, "QuantizeLinear", 2).inputs[1]!;
    },
    "biases in another scale": (graph) =>
      constantOf(graph, "DequantizeLinear", 1, () => {
        const bias = graph.nodes.find(({ outputs }) => outputs[0] === nodeOf(graph, "Conv").inputs[2])!;
        const scales = graph.initializers.get(bias.inputs[1]!)!;
        graph.initializers.set(bias.inputs[1]!, {
          ...scales,
          data: Float32Array.from(scales.data as Float32Array, (s) => 2 * s),
        });
      }),
    "weights with a zero point": (graph) => {
      const weights = graph.nodes.find(({ outputs }) => outputs[0] === nodeOf(graph, "Conv").inputs[1])!;
      const zeros = graph.initializers.get(weights.inputs[2]!)!;
      graph.initializers.set(weights.inputs[2]!, { ...zeros, data: Int8Array.from(zeros.data as Int8Array, () => 1) });
    },
    "the order 0,3,2,1": (graph) => {
      nodeOf(graph, "Transpose", 1).attributes["perm"] = [0, 3, 2, 1];
    },
    "2 outputs": (graph) => {
      graph.outputs.push({ name: nodeOf(graph, "Conv").outputs[0]!, type: "float32", shape: null });
    },
    "is not a square picture": (graph) => {
      graph.inputs[0] = { ...graph.inputs[0]!, shape: ["batch", 8, 6, 3] };
    },
  };
  for (const [why, change] of Object.entries(refusals)) {
    test(`refuses what the engine does not run: ${why}`, () => {
      const bytes = changed(change);
      expect(() => readPlan(bytes)).toThrow(why);
      expect(() => readPlan(bytes)).toThrow(EdgecapError);
      expect(readPlan(encoder).steps.length).toBeGreaterThan(0);
    });
  }
});

describe("placeImages()", () => {
  test("keeps each image whole until its last reader", () => {
    fc.assert(
      fc.property(encoderShapes, fc.constantFrom(1, 2), (shape, width) => {
        const plan = readPlan(randomEncoder(shape));
        const { offsets, bytes } = placeImages(plan, width);
        const lastRead = new Map(
          plan.steps.flatMap((step, at) => readsOf(step).map(({ name }) => [name, at] as const)),
        );
        for (const { name } of plan.last) lastRead.set(name, plan.steps.length);
        const images = plan.steps.map(({ output }, at) => {
          const start = offsets.get(output.name)!;
          const end = start + output.size ** 2 * output.channels * width;
          expect([start % 64, end <= bytes]).toEqual([0, true]);
          return { start, end, from: at, to: lastRead.get(output.name) ?? at };
        });
        for (const a of images) {
          for (const b of images) {
            if (a === b || a.to < b.from || b.to < a.from) continue;
            expect(a.end <= b.start || b.end <= a.start).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
