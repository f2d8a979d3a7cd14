import { readAsset } from "#assets";
import { decodeRgb, initSync, probe } from "../../wasm-image/pkg/edgecap_wasm_image.js";

/** The picture decoder: its functions, and its memory, which only grows. */
export interface ImageModule {
  readonly memory: WebAssembly.Memory;
  readonly decodeRgb: typeof decodeRgb;
  readonly probe: typeof probe;
}

let compiled: Promise<WebAssembly.Module> | undefined;
let current: ImageModule | undefined;

/** The picture decoder, instantiated at its first use and after {@linkcode dropImageModule}. */
export async function imageModule(): Promise<ImageModule> {
  compiled ??= readAsset("image.wasm").then((bytes) => WebAssembly.compile(bytes));
  const module = await compiled;
  current ??= { memory: initSync({ module }).memory, decodeRgb, probe };
  return current;
}

/** Forgets the instance, so that its memory is freed: after a trap, or after a picture that made it large. */
export function dropImageModule(): void {
  current = undefined;
}
