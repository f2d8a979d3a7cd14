import { EdgecapError } from "../errors.ts";

/** A WebAssembly module, compiled or as bytes, or a function that gives it, which is only called if it is needed. */
export type ModuleSource =
  | WebAssembly.Module
  | ArrayBuffer
  | Uint8Array
  | (() => Promise<WebAssembly.Module | ArrayBuffer | Uint8Array>);

/**
 * edgecap's WebAssembly, which the package exports as `edgecap/lite/text.wasm` and so on. Of the engine's two modules
 * give both, or one.
 */
export interface LiteModules {
  /** `edgecap/lite/text.wasm`: vocabulary and search. */
  readonly text: ModuleSource;
  /** `edgecap/lite/image.wasm`: decodes pictures. */
  readonly image: ModuleSource;
  /** `edgecap/lite/engine_relaxed.wasm`: the faster one, for runtimes that accept relaxed SIMD. */
  readonly engineRelaxed?: ModuleSource;
  /** `edgecap/lite/engine_dot16.wasm`: runs everywhere. */
  readonly engineDot16?: ModuleSource;
}

/**
 * Compiles a module that is not compiled yet.
 *
 * @param name Name of the option, for messages.
 * @throws {EdgecapError} `option-invalid` if it is not a module.
 */
export async function compiled(name: keyof LiteModules, source: ModuleSource): Promise<WebAssembly.Module> {
  const module = await given(source);
  if (module instanceof WebAssembly.Module) return module;
  try {
    return await WebAssembly.compile(module);
  } catch (cause) {
    throw new EdgecapError(
      "option-invalid",
      `modules.${name} does not compile: ${cause instanceof Error ? cause.message : String(cause)}. Give edgecap's own file, as a WebAssembly.Module or its bytes.`,
      { cause },
    );
  }
}

/** The same for a module that some runtimes refuse; `undefined` there. */
export async function compiledIfAccepted(
  name: keyof LiteModules,
  source: ModuleSource,
): Promise<WebAssembly.Module | undefined> {
  const module = await given(source);
  if (module instanceof WebAssembly.Module) return module;
  return WebAssembly.validate(module) ? await compiled(name, module) : undefined;
}

async function given(source: ModuleSource): Promise<WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer>> {
  return (await (typeof source === "function" ? source() : source)) as WebAssembly.Module | Uint8Array<ArrayBuffer>;
}
