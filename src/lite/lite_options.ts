import { type BundleReader, type LoadProgress, ofMemory, ofPaths } from "../bundle/open_bundle.ts";
import { refuseUnknown } from "../caption/known_options.ts";
import { EdgecapError } from "../errors.ts";
import type { LiteModules } from "./modules.ts";

/**
 * A bundle's files: a map of their bytes by name, or a function that returns the file for a path such as
 * `manifest.json` or `encoder.onnx`. The function is called for the next graph while the previous one is being packed,
 * so the whole bundle is never in memory. A `Response` takes the least memory, because its bytes are freed once they
 * are packed.
 */
export type LiteBundle =
  | ReadonlyMap<string, Uint8Array>
  | ((path: string) => Promise<Response | ArrayBuffer | Uint8Array>);

/** Options of {@linkcode load}. */
export interface LiteOptions {
  /** The bundle's files. */
  readonly bundle: LiteBundle;
  /**
   * edgecap's WebAssembly. A process instantiates each module only once, so later calls use the modules of the first
   * call.
   */
  readonly modules: LiteModules;
  /**
   * Whether to compare the engine with the bundle's stored answer, so that captions are never silently wrong. The test
   * takes as long as a short caption. Default true.
   */
  readonly selfTest?: boolean;
  /** Called as the bundle's files arrive; in the last call `loaded` equals `total`. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Stops the loading: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Every option; the compiler checks that none is missing. */
const names: Readonly<Record<keyof LiteOptions, true>> = {
  bundle: true,
  modules: true,
  selfTest: true,
  onProgress: true,
  signal: true,
};

const moduleNames: Readonly<Record<keyof LiteModules, true>> = {
  text: true,
  image: true,
  engineRelaxed: true,
  engineDot16: true,
};

/**
 * Checks the options of `load()`.
 *
 * @throws {EdgecapError} `option-invalid`, naming the option that is missing, wrong or does not exist.
 */
export function checkLiteOptions(options: LiteOptions): void {
  refuseUnknown(options, Object.keys(names), "load()");
  const { bundle, modules } = options;
  if (typeof bundle !== "function" && !(bundle instanceof Map))
    throw invalid("bundle", "a Map of the bundle's files by name, or a function that gets a file by its path");
  if (typeof modules !== "object" || modules === null)
    throw invalid("modules", "edgecap's WebAssembly: { text, image, engineRelaxed, engineDot16 }");
  refuseUnknown(modules, Object.keys(moduleNames), "modules");
  const { text, image, engineRelaxed, engineDot16 } = modules;
  if (text === undefined) throw invalid("modules.text", "edgecap/lite/text.wasm");
  if (image === undefined) throw invalid("modules.image", "edgecap/lite/image.wasm");
  if (engineRelaxed === undefined && engineDot16 === undefined)
    throw invalid("modules.engineRelaxed", "edgecap/lite/engine_relaxed.wasm, or engineDot16");
}

function invalid(name: string, what: string): EdgecapError {
  return new EdgecapError("option-invalid", `${name} is missing, or of another kind: give ${what}.`);
}

/** Reads the bundle's files. */
export function readerOf(bundle: LiteBundle): BundleReader {
  if (typeof bundle !== "function") return ofMemory(bundle);
  const own = new WeakSet<Uint8Array>();
  const read = async (path: string) => {
    const found = await bundle(path);
    if (found instanceof Uint8Array) return found;
    if (found instanceof Response) {
      if (!found.ok) throw new Error(`${found.url || path} answered ${found.status}`);
      const bytes = new Uint8Array(await found.arrayBuffer());
      own.add(bytes);
      return bytes;
    }
    if (ArrayBuffer.isView(found) || Object.prototype.toString.call(found) === "[object ArrayBuffer]")
      return new Uint8Array(found as ArrayBuffer);
    throw new EdgecapError(
      "option-invalid",
      `bundle("${path}") gave ${found === null ? "null" : typeof found}: give a Response, an ArrayBuffer or a Uint8Array.`,
    );
  };
  return ofPaths("the given bundle", read, (bytes) => own.has(bytes));
}
