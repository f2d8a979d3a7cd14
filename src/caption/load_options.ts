import type { BundleSource } from "../bundle/load_bundle.ts";
import type { LoadProgress } from "../bundle/open_bundle.ts";
import { EdgecapError } from "../errors.ts";
import { nodeTooOld } from "../platform/node_version.ts";
import { type BackendChoice, backendNames } from "../runtime/backend.ts";
import { refuseUnknown } from "./known_options.ts";

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /**
   * A folder's path, a `file:`, `http:` or `https:` URL of a folder, or the bundle's files by name. Default: the bundle
   * that comes with edgecap.
   */
  readonly bundle?: BundleSource | undefined;
  /** Threads per inference, 1 to 64. Default 1: more are slower if other work needs the cores. */
  readonly threads?: number;
  /**
   * The backend that executes the graphs: `wasm`, always available; `rust`, for 8-bit models; `webgpu`; `native`, which
   * needs the package onnxruntime-node; or `auto`, the fastest that reproduces the bundle's stored answer. A backend
   * chosen by name has to reproduce it too. Default `auto`.
   */
  readonly backend?: BackendChoice;
  /**
   * The folder that `edgecap assets` wrote, if edgecap is bundled into another file: in a browser an address relative
   * to the page; elsewhere a path or `file:` URL. A process has only one such folder. Default: in a browser `edgecap/`
   * beside the script, elsewhere the package itself.
   */
  readonly assets?: string | URL;
  /** Called as the bundle's files arrive; in the last call `loaded` equals `total`. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Stops the loading, including downloads: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Every option; the compiler checks that none is missing. */
const loadNames: Readonly<Record<keyof LoadOptions, true>> = {
  bundle: true,
  threads: true,
  backend: true,
  assets: true,
  onProgress: true,
  signal: true,
};

/**
 * Checks the options that all engines share.
 *
 * @throws {EdgecapError} `option-invalid`, quoting name, value and range, or naming an option that does not exist;
 *   `backend-unavailable` on a Node that is too old for every backend.
 */
export function checkLoadOptions(options: LoadOptions): void {
  const tooOld = nodeTooOld();
  if (tooOld !== undefined) throw new EdgecapError("backend-unavailable", tooOld);
  refuseUnknown(options, Object.keys(loadNames), "load()");
  const { threads = 1, backend = "auto" } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new EdgecapError("option-invalid", `threads is ${threads}: give a whole number from 1 to 64.`);
  }
  if (backend !== "auto" && !backendNames.includes(backend)) {
    throw new EdgecapError("option-invalid", `backend is "${backend}": give auto, ${backendNames.join(", ")}.`);
  }
}
