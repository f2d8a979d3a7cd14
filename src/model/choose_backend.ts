import { isExecutable } from "#assets";
import { mayHaveGraphics } from "#packages";
import { describeMachine, openStore } from "#storage";
import type { OpenBundle } from "../bundle/open_bundle.ts";
import { sha256Hex } from "../bundle/sha256.ts";
import { EdgecapError, throwIfAborted } from "../errors.ts";
import { type Backend, type BackendChoice, type BackendName, backendNames } from "../runtime/backend.ts";
import { openBackend } from "../runtime/backends.ts";
import { GraphSession } from "../runtime/graph_session.ts";
import type { BundleGraphs } from "./check_shapes.ts";
import { type GraphFiles, type LoadGraph, type OpenGraphs, openGraphsBy } from "./open_graphs.ts";
import { difference, type SelfTestOutcome } from "./self_test.ts";
import { runSelfTest } from "./stored_answer.ts";

/**
 * Opens a bundle's graphs on a backend; tensors passed from one to the next stay on the backend's device, if any.
 *
 * @throws {EdgecapError} `bundle-*`, `graph-failed` or `backend-unavailable`.
 * @throws The signal's reason, once what was opened is freed, if it is aborted.
 */
export async function openGraphs(
  files: GraphFiles,
  backend: BackendName,
  { threads, signal }: Pick<ChoosingOptions, "threads" | "signal">,
): Promise<OpenGraphs> {
  const on = (backend: BackendName) => async (name: string, bytes: Uint8Array, keep: readonly string[]) => ({
    graph: await GraphSession.create(name, bytes, { threads, backend, keep }),
    isPacked: backend === "rust",
  });
  const decoder: LoadGraph = async (name, bytes, keep) => {
    return await on(backend)(name, bytes, keep).catch((error: unknown) => {
      // The encoder takes most of the time, so this backend pays off with any decoder.
      if (backend !== "rust" || !(error instanceof EdgecapError) || error.code !== "backend-unavailable") throw error;
      return on("wasm")(name, bytes, []);
    });
  };
  return await openGraphsBy(files, { encoder: on(backend), decoder }, signal);
}

/** The facts about a backend on this machine. */
export interface BackendReport {
  readonly name: BackendName;
  /** Package and version, if it loads. */
  readonly engine?: string;
  readonly adapter?: Backend["adapter"];
  /** Why it cannot be used: what is missing and how to get it, or what failed. */
  readonly problem?: string;
  /** Its result in the bundle's test, if it was tested. */
  readonly selfTest?: SelfTestOutcome;
}

/** A backend, and why it was chosen. */
export interface ChosenBackend {
  readonly backend: BackendName;
  readonly why: string;
  /** Whether it still has to pass the bundle's test; if it fails, `wasm` is used. */
  readonly untested?: boolean;
}

/** The inputs of the choice. */
export interface ChoosingOptions {
  readonly source: Pick<OpenBundle, "where" | "manifest" | "hash">;
  readonly files: GraphFiles;
  readonly threads: number;
  /** Stops choosing before the next backend is loaded or tested. */
  readonly signal?: AbortSignal | undefined;
}

/** Version of the selection method; choices of other versions are ignored. */
const choiceVersion = 3;

/** Caption length for comparing backends, in words. */
const typicalWords = 10;

/** Whether a backend loads, and what it is; it is not tested. */
export async function probeBackend(name: BackendName): Promise<BackendReport> {
  try {
    const { engine, adapter } = await openBackend(name);
    return { name, engine, ...(adapter && { adapter }) };
  } catch (error) {
    return { name, problem: messageOf(error) };
  }
}

/**
 * Tests a backend: opens the graphs, compares the result with the bundle's stored answer, and measures the time.
 *
 * @param rounds Number of runs; the first one warms up.
 * @throws The signal's reason, once the graphs are freed, if it is aborted.
 */
export async function tryBackend(
  probed: BackendReport,
  options: ChoosingOptions,
  rounds: number,
): Promise<BackendReport> {
  const { source, files, signal } = options;
  const { selfTest } = source.manifest;
  if (probed.problem !== undefined || selfTest === undefined) return probed;
  try {
    await using graphs = await openGraphs(files, probed.name, options);
    return { ...probed, selfTest: await runSelfTest(graphs, source.manifest, selfTest, rounds) };
  } catch (error) {
    // An abort says nothing about the backend.
    throwIfAborted(signal);
    return { ...probed, problem: messageOf(error) };
  }
}

/** Milliseconds of a caption of ten words. */
function captionMs({ encodeMs, wordMs }: SelfTestOutcome): number {
  return encodeMs + typicalWords * wordMs;
}

/**
 * The fastest backend that loads, is not emulated in software, and reproduces the bundle's stored answer.
 *
 * @throws {EdgecapError} `self-test-failed` if none gives it.
 */
export function choose(reports: readonly BackendReport[], source: ChoosingOptions["source"]): ChosenBackend {
  if (source.manifest.selfTest === undefined)
    return { backend: "wasm", why: "the bundle stores no answer, so other backends cannot be tested" };
  const usable = reports.filter(({ problem, adapter }) => problem === undefined && adapter?.software !== true);
  if (usable.every(({ name }) => name === "wasm")) return { backend: "wasm", why: "no other backend can be used here" };
  const right = usable.filter(({ selfTest }) => selfTest?.passed === true);
  const [best, next] = right.toSorted((a, b) => captionMs(a.selfTest!) - captionMs(b.selfTest!));
  if (best === undefined) {
    throw new EdgecapError(
      "self-test-failed",
      `No backend passes the test in the bundle "${source.where}": run "edgecap doctor", and copy or export the bundle again.`,
    );
  }
  const ms = (report: BackendReport) => `${captionMs(report.selfTest!).toFixed(0)} ms`;
  const ahead = next === undefined ? "" : `, faster than ${next.name} at ${ms(next)}`;
  return { backend: best.name, why: `it passes the bundle's test and captions in ${ms(best)}${ahead}` };
}

/**
 * The best backend for a bundle on this machine, by measurement. The result is stored, so that a machine is measured
 * once for each bundle and version. On one thread `rust` goes before `wasm` without a measurement, if it passes the
 * bundle's test: its captions were faster on every runtime (docs/engine_measurement.md), and measuring would delay the
 * first one.
 *
 * @throws {EdgecapError} `self-test-failed`.
 * @throws The signal's reason, before the next backend is loaded or tested, if it is aborted; nothing is stored.
 */
export async function chooseBackend(options: ChoosingOptions): Promise<ChosenBackend> {
  const { source, threads, signal } = options;
  if (source.manifest.selfTest === undefined) return choose([], source);
  const remembered = await recall(options);
  if (remembered !== undefined) return remembered;
  const probes: BackendReport[] = [];
  for (const name of backendNames) {
    throwIfAborted(signal);
    // It always loads, but loading it would be wasted time if rust is chosen without a measurement.
    if (name === "wasm" && threads === 1) probes.push({ name });
    else if (name !== "webgpu" || mayHaveGraphics()) probes.push(await probeBackend(name));
  }
  const candidates = probes.filter(({ problem, adapter }) => problem === undefined && adapter?.software !== true);
  if (candidates.length === 1) return choose(candidates, source);
  const known = knownOrder(candidates, threads);
  if (known !== undefined) return known;
  const reports: BackendReport[] = [];
  // The slowest comes last, and only if it may be needed.
  for (const candidate of candidates.toSorted((a, b) => Number(a.name === "wasm") - Number(b.name === "wasm"))) {
    throwIfAborted(signal);
    const passed = (name: BackendName) => reports.some((report) => report.name === name && report.selfTest?.passed);
    if (candidate.name === "wasm" && threads === 1 && passed("rust")) continue;
    reports.push(await tryBackend(candidate, options, 3));
  }
  throwIfAborted(signal);
  const chosen = choose(reports, source);
  await remember(options, chosen);
  return chosen;
}

/**
 * The backend that the graphs will probably run on: the one that the caller names or an earlier start chose.
 * `undefined` if only a measurement can say.
 */
export async function likelyBackend(wanted: BackendChoice, options: ChoosingOptions): Promise<Backend | undefined> {
  if (wanted !== "auto") return wanted === "rust" ? await openBackend(wanted) : undefined;
  const remembered = options.source.manifest.selfTest && (await recall(options));
  // An executable carries two backends alone.
  const known = remembered?.backend ?? (isExecutable && options.threads === 1 ? "rust" : undefined);
  return known && (await openBackend(known));
}

/** The choice among `wasm` and `rust` on one thread, which needs no measurement. */
export function knownOrder(candidates: readonly BackendReport[], threads: number): ChosenBackend | undefined {
  if (threads > 1 || candidates.some(({ name }) => name !== "wasm" && name !== "rust")) return undefined;
  const why = "it is faster than wasm, and no other can be used";
  return { backend: "rust", why, untested: true };
}

/** Stores the choice for the next start, with the facts it depends on; written completely or not at all. */
export async function remember(options: ChoosingOptions, { backend, why }: ChosenBackend): Promise<void> {
  const { engine, adapter } = await openBackend(backend);
  const text = JSON.stringify({ backend, why, engine, adapter: adapter?.name });
  await (await openStore()).write(await memoryKey(options, "auto"), new TextEncoder().encode(`${text}\n`));
}

/**
 * Checks a backend that was chosen by name against the bundle's stored answer, so that no caption is silently wrong. A
 * backend that passed is remembered and not tested at later starts; a bundle without a stored answer is not tested.
 *
 * @param graphs The bundle's, open on that backend.
 * @throws {EdgecapError} `self-test-failed`, saying what differs and what to do; `backend-unavailable`.
 */
export async function holdToAnswer(
  backend: BackendName,
  graphs: BundleGraphs,
  options: ChoosingOptions,
): Promise<void> {
  const { where, manifest } = options.source;
  if (manifest.selfTest === undefined) return;
  const { engine, adapter } = await openBackend(backend);
  const kept = await readMemory(options, backend);
  if (kept?.["engine"] === engine && kept?.["adapter"] === adapter?.name) return;
  const selfTest = await runSelfTest(graphs, manifest, manifest.selfTest);
  await rememberAnswer({ name: backend, engine, ...(adapter && { adapter }), selfTest }, options);
  if (selfTest.passed) return;
  const remedy =
    backend === "wasm"
      ? 'Copy or export the bundle again; "edgecap doctor" tries every backend.'
      : 'Use the backend "wasm", or "auto", which chooses one that passes; "edgecap doctor" tries every backend.';
  throw new EdgecapError(
    "self-test-failed",
    `The backend "${backend}" (${engine}${adapter === undefined ? "" : `, ${adapter.name}`}) fails the test in the bundle "${where}": ${difference(selfTest)}. Its captions would be wrong here. ${remedy}`,
  );
}

/** Stores that a backend passed the bundle's test, or removes that record. */
export async function rememberAnswer(report: BackendReport, options: ChoosingOptions): Promise<void> {
  const [store, key] = [await openStore(), await memoryKey(options, report.name)];
  const text = JSON.stringify({ engine: report.engine, adapter: report.adapter?.name });
  if (report.selfTest?.passed === true) await store.write(key, new TextEncoder().encode(`${text}\n`));
  else await store.remove(key);
}

/** The earlier choice, if the same engine and adapter are still there. */
async function recall(options: ChoosingOptions): Promise<ChosenBackend | undefined> {
  const kept = await readMemory(options, "auto");
  const backend = backendNames.find((name) => name === kept?.["backend"]);
  const why = kept?.["why"];
  if (backend === undefined || typeof why !== "string") return undefined;
  const { engine, adapter, problem } = await probeBackend(backend);
  if (problem !== undefined || engine !== kept?.["engine"] || adapter?.name !== kept?.["adapter"]) return undefined;
  return { backend, why };
}

/** The stored record of a backend or of the choice; `undefined` if there is none or it is damaged. */
async function readMemory(
  options: ChoosingOptions,
  what: BackendChoice,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const bytes = await (await openStore()).read(await memoryKey(options, what));
  try {
    const kept: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes));
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The key for the choice or for a backend's record. It covers everything that would change the record and can be known
 * without loading anything.
 */
async function memoryKey({ source, threads }: ChoosingOptions, what: BackendChoice): Promise<string> {
  const parts = [choiceVersion, describeMachine(), source.hash, threads, what];
  return `backend-${await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)))}.json`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
