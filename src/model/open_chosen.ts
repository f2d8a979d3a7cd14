import { EdgecapError, throwIfAborted } from "../errors.ts";
import type { BackendChoice, BackendName } from "../runtime/backend.ts";
import { checkShapes } from "./check_shapes.ts";
import { type ChoosingOptions, chooseBackend, holdToAnswer, openGraphs, remember } from "./choose_backend.ts";
import type { OpenGraphs } from "./open_graphs.ts";
import { Resources } from "./resources.ts";

/** A bundle's graphs, and what they run on. */
export interface ChosenGraphs {
  readonly backend: BackendName;
  readonly graphs: OpenGraphs;
}

/**
 * Opens a bundle's graphs on the backend that a caller wants, and tests it unless it is known to pass.
 *
 * @param chooseFor What `auto` asks. Default: {@linkcode chooseBackend}.
 * @throws {EdgecapError} `graph-failed`, `backend-unavailable`, `bundle-shape-mismatch` or `self-test-failed`.
 * @throws The signal's reason, once what was opened is freed, if it is aborted.
 */
export async function openChosen(
  wanted: BackendChoice,
  options: ChoosingOptions,
  chooseFor = chooseBackend,
): Promise<ChosenGraphs> {
  if (wanted !== "auto") return { backend: wanted, graphs: await openTested(wanted, options) };
  const chosen = await chooseFor(options);
  if (chosen.untested !== true) {
    return { backend: chosen.backend, graphs: await openChecked(chosen.backend, options) };
  }
  try {
    const graphs = await openTested(chosen.backend, options);
    await remember(options, chosen);
    return { backend: chosen.backend, graphs };
  } catch (error) {
    throwIfAborted(options.signal);
    if (!(error instanceof EdgecapError)) throw error;
    const graphs = await openChecked("wasm", options);
    await remember(options, { backend: "wasm", why: error.message });
    return { backend: "wasm", graphs };
  }
}

async function openChecked(backend: BackendName, options: ChoosingOptions): Promise<OpenGraphs> {
  const { source, files } = options;
  await using resources = new Resources();
  const graphs = resources.use(await openGraphs(files, backend, options));
  checkShapes(source.where, source.manifest, graphs);
  resources.move();
  return graphs;
}

async function openTested(backend: BackendName, options: ChoosingOptions): Promise<OpenGraphs> {
  await using resources = new Resources();
  const graphs = resources.use(await openChecked(backend, options));
  await holdToAnswer(backend, graphs, options);
  throwIfAborted(options.signal);
  resources.move();
  return graphs;
}
