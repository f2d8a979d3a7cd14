import { useAssets } from "#assets";
import { localFiles } from "#files";
import { defaultBundle } from "../bundle/load_bundle.ts";
import { shareModel } from "../model/shared_model.ts";
import { Captioner } from "./captioner.ts";
import { checkLoadOptions, type LoadOptions } from "./load_options.ts";

/**
 * Loads a bundle. Captioners with the same bundle, threads and backend share its sessions; closing the last one frees
 * them.
 *
 * @throws {EdgecapError} `bundle-*`, `graph-failed`, `backend-*`, `self-test-failed` or `option-invalid`.
 * @throws The signal's reason, if it is aborted, and what `onProgress` throws.
 * @example
 * ```ts
 * import { load } from "edgecap";
 *
 * await using captioner = await load({ backend: "wasm" });
 * console.log(captioner.name, captioner.backend);
 * ```
 */
export async function load(options: LoadOptions = {}): Promise<Captioner> {
  checkLoadOptions(options);
  const { threads = 1, backend = "auto", signal, onProgress } = options;
  const folder = options.assets === undefined ? undefined : useAssets(options.assets);
  const bundle = options.bundle ?? (folder === undefined ? defaultBundle : new URL("default/", folder));
  return new Captioner(await shareModel({ bundle, threads, backend, signal, onProgress }), localFiles);
}
