import type { BundleSource, LoadProgress } from "../bundle/load_bundle.ts";
import { EdgecapError } from "../errors.ts";
import { type BackendChoice, backendNames } from "../runtime/backend.ts";
import { refuseUnknown } from "./known_options.ts";

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /**
   * A folder's path, a `file:`, `http:` or `https:` URL of a folder, or the bundle's files by name. Default: the bundle
   * that comes with edgecap.
   */
  readonly bundle?: BundleSource | undefined;
  /** Threads of one inference, 1 to 64. Default 1: more are slower where other work wants the cores. */
  readonly threads?: number;
  /**
   * What executes the graphs: `wasm`, always there; `webgpu`; `native`, by the package onnxruntime-node; or `auto`, the
   * fastest that gives the answer which the bundle stores. One given by name has to give that answer too. Default `auto`.
   */
  readonly backend?: BackendChoice;
  /**
   * The folder that `edgecap assets` wrote, if edgecap is bundled into another file: in a browser an address, seen from
   * the page; elsewhere a path or `file:` URL. A process has one. Default: in a browser `edgecap/` beside the script,
   * elsewhere the package itself.
   */
  readonly assets?: string | URL;
  /** Called as the bundle's files arrive, the last time with `loaded` equal to `total`. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Ends the loading, downloads included: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Every option, which the compiler holds to be all of them. */
const loadNames: Readonly<Record<keyof LoadOptions, true>> = {
  bundle: true,
  threads: true,
  backend: true,
  assets: true,
  onProgress: true,
  signal: true,
};

/**
 * Checks what all engines check.
 *
 * @throws {EdgecapError} `option-invalid`, quoting name, value and range, or naming an option that does not exist.
 */
export function checkLoadOptions(options: LoadOptions): void {
  refuseUnknown(options, Object.keys(loadNames), "load()");
  const { threads = 1, backend = "auto" } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new EdgecapError("option-invalid", `threads is ${threads}: give a whole number from 1 to 64.`);
  }
  if (backend !== "auto" && !backendNames.includes(backend)) {
    throw new EdgecapError("option-invalid", `backend is "${backend}": give auto, ${backendNames.join(", ")}.`);
  }
}
