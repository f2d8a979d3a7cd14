import type * as Ort from "onnxruntime-node";
import { importOnnxruntimeNode } from "#packages";
import { EdgecapError } from "../errors.ts";
import type { Backend } from "./backend.ts";
import { OrtSession, type OrtTensors } from "./ort_session.ts";

/**
 * The processor's own code, by the package onnxruntime-node, which is imported only here.
 *
 * @throws {EdgecapError} `backend-unavailable` where the package is not installed or does not load.
 */
export async function openNative(): Promise<Backend> {
  let ort: typeof Ort;
  try {
    ort = await importOnnxruntimeNode();
  } catch (cause) {
    throw new EdgecapError(
      "backend-unavailable",
      `The backend "native" needs the package onnxruntime-node, which does not load here: ${firstLine(cause)}. Install it with "bun add onnxruntime-node" (executables cannot load it), or use the backend "wasm".`,
      { cause },
    );
  }
  return {
    name: "native",
    engine: `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common}`,
    open: async (bytes, { threads }) =>
      new OrtSession(
        ort as unknown as OrtTensors,
        await ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, interOpNumThreads: 1 }),
      ),
  };
}

/** The first line of what was thrown. */
export function firstLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]!.replace(/\.$/, "");
}
