/**
 * The optional packages of backends. Imported as `#packages`, which package.json maps to this file or, in a browser,
 * to packages_browser.ts; both export the same.
 */
import { existsSync, readdirSync } from "node:fs";
import type * as OnnxruntimeNode from "onnxruntime-node";
import type * as Webgpu from "webgpu";
import { mayReadSystem } from "./processor.ts";
import { turnTelemetryOff } from "./telemetry.ts";

// Not literals, so that a bundler neither requires nor includes the packages.
const names: Readonly<Record<"native" | "webgpu", string>> = { native: "onnxruntime-node", webgpu: "webgpu" };

export { turnTelemetryOff } from "./telemetry.ts";

/**
 * The package onnxruntime-node, with the telemetry of its library turned off.
 *
 * @throws if it is not installed, does not load, or its telemetry cannot be turned off.
 */
export async function importOnnxruntimeNode(): Promise<typeof OnnxruntimeNode> {
  await turnTelemetryOff();
  const imported: typeof OnnxruntimeNode & { readonly default?: typeof OnnxruntimeNode } = await import(names.native);
  return imported.InferenceSession === undefined ? imported.default! : imported;
}

/**
 * Whether WebGPU may find a graphics processor. On Linux this checks for a device; elsewhere, and if Deno may not
 * look, it is assumed. Searching for an adapter in vain makes drivers write to standard error.
 */
export function mayHaveGraphics(): boolean {
  if (process.platform !== "linux" || !mayReadSystem()) return true;
  if (existsSync("/dev/nvidia0") || existsSync("/dev/dxg")) return true;
  try {
    return readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  } catch {
    return false;
  }
}

/** The package webgpu. @throws if it is not installed or does not load. */
export async function importWebgpu(): Promise<typeof Webgpu> {
  return await import(names.webgpu);
}
