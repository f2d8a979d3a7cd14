import { readAsset } from "#assets";
import { decode, decodeWithin, initSync, probe } from "../../crates/image/pkg/edgecap_image.js";

/** The crate in crates/image: its functions and its memory, which only grows, up to 600 MiB. */
export interface ImageModule {
  readonly memory: WebAssembly.Memory;
  readonly decode: typeof decode;
  readonly decodeWithin: typeof decodeWithin;
  readonly probe: typeof probe;
}

let compiled: Promise<WebAssembly.Module> | undefined;
let current: ImageModule | undefined;

/** The image module, instantiated on first use and after {@linkcode dropImageModule}. */
export async function imageModule(): Promise<ImageModule> {
  compiled ??= readAsset("image.wasm").then((bytes) => WebAssembly.compile(bytes));
  const module = await compiled;
  current ??= { memory: initSync({ module }).memory, decode, decodeWithin, probe };
  return current;
}

/** Drops the instance after a trap, so that the next picture gets a new one. */
export function dropImageModule(): void {
  current = undefined;
}
