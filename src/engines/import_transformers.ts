import type * as Transformers from "@huggingface/transformers";
import { turnTelemetryOff } from "#packages";
import { EdgecapError } from "../errors.ts";
import { runtimeName } from "../platform/runtime_name.ts";

/** The exports of the package. */
export type Library = typeof Transformers;

/**
 * Globals because of which the package would mistake a Deno worker for a browser's worker, which has neither files nor
 * native code.
 */
const ofBrowsers = ["self", "location"] as const;

/**
 * Imports the package `@huggingface/transformers`.
 *
 * @param folder The model that needs it, for messages.
 * @throws {EdgecapError} `bundle-missing` if it is not installed or does not load; `backend-unavailable` if the
 *   telemetry of its native library cannot be turned off.
 */
export async function importTransformers(folder: string): Promise<Library> {
  // The package brings its own native onnxruntime.
  await turnTelemetryOff();
  // Not a literal, so that a bundler does not include the package in programs that never use it.
  const name: string = "@huggingface/transformers";
  const inWorkerOfDeno = runtimeName() === "Deno" && globalThis.constructor.name === "DedicatedWorkerGlobalScope";
  const hidden = inWorkerOfDeno ? ofBrowsers : [];
  const descriptors = hidden.map((key) => [key, Object.getOwnPropertyDescriptor(globalThis, key)] as const);
  try {
    for (const [key, { configurable } = {}] of descriptors)
      if (configurable) Object.defineProperty(globalThis, key, { value: undefined, configurable: true });
    return await import(name);
  } catch (cause) {
    throw new EdgecapError(
      "bundle-missing",
      `The bundle "transformers:${folder}" needs the package @huggingface/transformers, which is not installed or does not load: install it beside edgecap.`,
      { cause },
    );
  } finally {
    for (const [key, descriptor] of descriptors)
      if (descriptor?.configurable) Object.defineProperty(globalThis, key, descriptor);
  }
}
