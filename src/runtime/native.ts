import type * as Ort from "onnxruntime-node";
import { importOnnxruntimeNode } from "#packages";
import { EdgecapError } from "../errors.ts";
import type { Backend } from "./backend.ts";
import { OrtSession, type OrtTensors } from "./ort_session.ts";
import { hasIntegerProducts, widenedWeights } from "./stored_weights.ts";

/**
 * The backend `native`: the package onnxruntime-node, which is imported only here.
 *
 * @throws {EdgecapError} `backend-unavailable` if the package is not installed or does not load, or
 *   its telemetry cannot be turned off.
 */
export async function openNative(): Promise<Backend> {
  let ort: typeof Ort;
  let exact: NativeSessionOptions;
  try {
    ort = await importOnnxruntimeNode();
    // Its warnings are about machines, not graphs, for instance that it cannot read a virtual graphics card.
    if (ort.env.logLevel === undefined || ort.env.logLevel === "warning") ort.env.logLevel = "error";
    exact = await exactProducts(ort);
  } catch (cause) {
    if (cause instanceof EdgecapError) throw cause;
    throw new EdgecapError(
      "backend-unavailable",
      `The backend "native" needs the package onnxruntime-node, which does not load: ${firstLine(cause)}. Install it with "bun add onnxruntime-node" (executables cannot load it), or use the backend "wasm".`,
      { cause },
    );
  }
  const version = ort.env.versions.node ?? ort.env.versions.common;
  return {
    name: "native",
    engine: `onnxruntime-node ${version}${exact.extra === undefined ? "" : ", unsigned 8-bit weights, because this processor's signed products overflow"}`,
    open: async (bytes, { threads }) =>
      new OrtSession(
        ort as unknown as OrtTensors,
        await ort.InferenceSession.create(bytes, {
          ...(hasIntegerProducts(bytes) ? exact : withWidened(exact)),
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
        }),
      ),
  };
}

/** The session options that {@linkcode exactProducts} determines. */
export type NativeSessionOptions = Pick<Ort.InferenceSession.SessionOptions, "extra">;

/**
 * Options that widen stored weights too. What makes products exact stays, because onnxruntime has products of 8-bit
 * integers of its own, such as DynamicQuantizeMatMul, beside those of ONNX.
 */
export function withWidened({ extra }: NativeSessionOptions): NativeSessionOptions {
  const session = { ...(extra?.["session"] as object | undefined), ...widenedWeights().extra.session };
  return { extra: { ...extra, session } };
}

/** Treats weights as uint8: exact on every processor, but slow on those that do not need it. */
export const unsignedWeights: NativeSessionOptions = { extra: { session: { x64quantprecision: "1" } } };

/** A graph of one MatMulInteger: a [m, k] in uint8, b [k, n] in int8 -> y [m, n] in int32. */
const productGraph =
  "CAgSB2VkZ2VjYXA6eAonCgFhCgFiEgF5Gg1NYXRNdWxJbnRlZ2VyIg1NYXRNdWxJbnRlZ2VyEghwcm9kdWN0c1oVCgFhEhAKDggCEgoKAxIBbQoDEgFrWhUKAWISEAoOCAMSCgoDEgFrCgMSAW5iFQoBeRIQCg4IBhIKCgMSAW0KAxIBbkICEBE=";

/**
 * The session options that make 8-bit graphs exact on this processor.
 *
 * x64 processors without VNNI add two products of uint8 and int8 in 16 bits, which can overflow. There the weights are
 * treated as uint8; elsewhere that would make the encoder 2.5 times slower. A trial product decides, because systems
 * report the processor's features in different ways.
 */
export async function exactProducts(ort: typeof Ort): Promise<NativeSessionOptions> {
  const graph = Uint8Array.from(atob(productGraph), (letter) => letter.charCodeAt(0));
  const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [k, n] = [4, 16];
  const a = new ort.Tensor("uint8", new Uint8Array(k).fill(255), [1, k]);
  const b = new ort.Tensor("int8", new Int8Array(k * n).fill(127), [k, n]);
  const { y } = await session.run({ a, b });
  await session.release();
  return (y!.data as Int32Array).every((sum) => sum === k * 255 * 127) ? {} : unsignedWeights;
}

/** The first line of a thrown value. */
export function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!.replace(/\.$/, "");
}
