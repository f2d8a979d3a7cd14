import { EdgecapError } from "../../errors.ts";
import type { OnnxNode } from "./onnx_reader.ts";

/** Types of tensors, by ONNX's codes. */
export const types = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;

/** @throws {EdgecapError} `backend-unavailable`. */
export function refuse(why: string): never {
  throw new EdgecapError(
    "backend-unavailable",
    `The backend "rust" is not available for this graph: ${why}. It runs 8-bit encoders and attention decoders as edgecap exports them; use the backend "wasm", or "auto".`,
  );
}

/** Refuses attributes other than these; `undefined` allows any value. */
export function expectOnly(node: OnnxNode, allowed: Readonly<Record<string, number | string | undefined>>): void {
  for (const [name, value] of node.attributes) {
    const known = name in allowed && (allowed[name] === undefined || String(value) === String(allowed[name]));
    if (!known) refuse(`${nameOf(node)} has the attribute ${name} = ${String(value)}`);
  }
}

/** An operation, for messages. */
export function nameOf({ op, domain, outputs }: OnnxNode): string {
  return `${domain === "" ? op : `${domain}.${op}`} ("${outputs[0] ?? ""}")`;
}
