import { openBundleOf } from "../bundle/open_bundle.ts";
import { Captioner } from "../caption/captioner.ts";
import { EdgecapError } from "../errors.ts";
import { startImage } from "../image/image_crate.ts";
import { checkShapes } from "../model/check_shapes.ts";
import { type LoadGraph, openGraphsBy } from "../model/open_graphs.ts";
import { type ModelEngine, openModel } from "../model/open_model.ts";
import { Resources } from "../model/resources.ts";
import { compareWithAnswer, difference } from "../model/self_test.ts";
import type { Backend } from "../runtime/backend.ts";
import { Graph, openSession } from "../runtime/graph.ts";
import { rustBackend } from "../runtime/rust/rust_backend.ts";
import { startText } from "../text/text_crate.ts";
import { checkLiteOptions, type LiteOptions, readerOf } from "./lite_options.ts";
import { compiled, compiledIfAccepted } from "./modules.ts";

/**
 * Loads a bundle, using only the files that the caller passes in. Its captions are those of `load({ backend: "rust" })`
 * of `edgecap`.
 *
 * @throws {EdgecapError} `bundle-*`, `graph-failed`, `self-test-failed`, `option-invalid`, or `backend-unavailable` if
 *   the engine does not run the bundle's graphs, as it does with 8-bit encoders and attention decoders.
 * @throws The signal's reason, if it is aborted, and what `onProgress` and the functions throw.
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { load } from "edgecap/lite";
 *
 * const module = async (path: string) => await WebAssembly.compile(new Uint8Array(await readFile(`crates/${path}`)));
 * await using captioner = await load({
 *   bundle: (path) => readFile(`models/default/${path}`),
 *   modules: {
 *     text: await module("text/pkg/edgecap_text_bg.wasm"),
 *     image: await module("image/pkg/edgecap_image_bg.wasm"),
 *     engineDot16: await module("engine/pkg/dot16.wasm"),
 *   },
 * });
 * console.log(await captioner.caption(await readFile("examples/chelsea.jpg")));
 * ```
 */
export async function load(options: LiteOptions): Promise<Captioner> {
  checkLiteOptions(options);
  const { bundle, modules, selfTest = true, onProgress, signal } = options;
  const { engineRelaxed, engineDot16 } = modules;
  let opened: Promise<Backend> | undefined;
  const openRust = () => {
    opened ??= rustBackend(
      {
        relaxed: async () => engineRelaxed && (await compiledIfAccepted("engineRelaxed", engineRelaxed)),
        dot16: async () => engineDot16 && (await compiled("engineDot16", engineDot16)),
      },
      "memory",
    );
    return opened;
  };
  const engine: ModelEngine = {
    startText: () => startText(() => compiled("text", modules.text)),
    imageModule: () => startImage(() => compiled("image", modules.image)),
    readsAhead: false,
    warmUp: async (_source, _files, signal) => await (await openRust()).warmUp?.(signal),
    openGraphs: async ({ where, manifest }, files, signal) => {
      const backend = await openRust();
      const load: LoadGraph = async (name, bytes, keep) => ({
        graph: new Graph(name, await openSession(name, backend, bytes, { threads: 1, keep })),
        isPacked: true,
      });
      await using resources = new Resources();
      const graphs = resources.use(await openGraphsBy(files, { encoder: load, decoder: load }, signal));
      checkShapes(where, manifest, graphs);
      if (selfTest && manifest.selfTest !== undefined) {
        const outcome = await compareWithAnswer(graphs, manifest, manifest.selfTest);
        if (!outcome.passed) {
          throw new EdgecapError(
            "self-test-failed",
            `The engine (${backend.engine}) fails the test in the bundle "${where}": ${difference(outcome)}. Its captions would be wrong here: copy or export the bundle again.`,
          );
        }
      }
      resources.move();
      return { backend: backend.name, graphs };
    },
  };
  const source = await openBundleOf(readerOf(bundle), signal);
  return new Captioner(await openModel(source, engine, { signal, onProgress }), undefined);
}
