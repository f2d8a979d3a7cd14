import { describe, expect, test } from "bun:test";
import { exactOptions } from "../../src/engines/session_options.ts";

/** The parts of onnxruntime-node that a trial product uses; every sum is `sum`. */
function libraryOf(sum: number) {
  const session = { run: async () => ({ y: { data: new Int32Array(16).fill(sum) } }), release: async () => {} };
  const library = { InferenceSession: { create: async () => session }, Tensor: class {} };
  return async () => library as never;
}

const exact = libraryOf(4 * 255 * 127);
const overflowing = libraryOf(2 ** 16 - 2);
const missing = async () => Promise.reject(new Error("Cannot find package onnxruntime-node"));
const option = { extra: { session: { x64quantprecision: "1" } } };

describe("exactOptions()", () => {
  for (const precision of ["q8", "int8", "uint8"] as const) {
    test(`sets the option for a graph in ${precision} only where products overflow, or where that is unknown`, async () => {
      for (const precisions of [
        { encoder_model: precision, decoder_model_merged: "fp32" },
        { encoder_model: "fp32", decoder_model_merged: precision },
      ] as const) {
        expect(await exactOptions(precisions, exact)).toEqual({});
        expect(await exactOptions(precisions, overflowing)).toEqual(option);
        expect(await exactOptions(precisions, missing)).toEqual(option);
      }
    });
  }

  test("sets nothing for graphs that multiply no 8-bit integers", async () => {
    for (const precision of ["fp32", "fp16", "q4", "bnb4", "q4f16"] as const)
      expect(await exactOptions({ encoder_model: precision, decoder_model_merged: precision }, overflowing)).toEqual(
        {},
      );
  });
});
