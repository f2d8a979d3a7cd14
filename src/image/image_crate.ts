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

/**
 * The image module, instantiated on first use and after {@linkcode dropImageModule}.
 *
 * @param compile Gives the module; called once.
 * @throws What that throws; the next call then tries again.
 */
export async function startImage(compile: () => Promise<WebAssembly.Module>): Promise<ImageModule> {
  compiled ??= compile().catch((error: unknown) => {
    compiled = undefined;
    throw error;
  });
  const module = await compiled;
  current ??= { memory: initSync({ module }).memory, decode, decodeWithin, probe };
  return current;
}

/** Drops the instance after a trap, so that the next picture gets a new one. */
export function dropImageModule(): void {
  current = undefined;
}
