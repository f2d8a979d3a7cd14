import { mayHaveGraphics } from "#packages";
import { describeMachine, openStore } from "#storage";
import type { Bundle, OpenBundle } from "../bundle/load_bundle.ts";
import { sha256Hex } from "../bundle/sha256.ts";
import { EdgecapError } from "../errors.ts";
import { type Backend, type BackendChoice, type BackendName, backendNames } from "../runtime/backend.ts";
import { openBackend } from "../runtime/backends.ts";
import { GraphSession } from "../runtime/graph_session.ts";
import type { BundleGraphs } from "./check_shapes.ts";
import { Resources } from "./resources.ts";
import { difference, runSelfTest, type SelfTestOutcome } from "./stored_answer.ts";

/** Three graphs that are freed together. */
export type OpenGraphs = BundleGraphs & AsyncDisposable;

/**
 * Opens a bundle's graphs on a backend; what goes from one to the next stays on the device, where it has one.
 *
 * @throws {EdgecapError} `graph-failed` or `backend-unavailable`.
 */
export async function openGraphs(files: Bundle["files"], backend: BackendName, threads: number): Promise<OpenGraphs> {
  await using resources = new Resources();
  const open = async (name: string, bytes: Uint8Array, keep: readonly string[] = []) =>
    resources.use(await GraphSession.create(name, bytes, { threads, backend, keep }));
  const graphs = {
    encoder: await open("encoder", files.encoder, ["grid"]),
    init: await open("decoder_init", files.decoderInit, ["keys", "values", "image"]),
    step: await open("decoder_step", files.decoderStep),
  };
  const kept = resources.move();
  return { ...graphs, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/** What was found out about a backend on this machine. */
export interface BackendReport {
  readonly name: BackendName;
  /** Package and version, where it loads. */
  readonly engine?: string;
  readonly adapter?: Backend["adapter"];
  /** Why it cannot be used: what is missing and how to get it, or what failed. */
  readonly problem?: string;
  /** Its answer to the bundle's test, where it was asked. */
  readonly selfTest?: SelfTestOutcome;
}

/** A backend, and why that one. */
export interface ChosenBackend {
  readonly backend: BackendName;
  readonly why: string;
}

/** What choosing needs. */
export interface ChoosingOptions {
  readonly source: Pick<OpenBundle, "where" | "manifest" | "hash">;
  readonly files: Bundle["files"];
  readonly threads: number;
}

/** Version of how choices are made: those of others are not taken over. */
const choiceVersion = 2;

/** Words of a caption, by which backends are compared. */
const typicalWords = 10;

/** Whether a backend loads, and what it is; it is not tried. */
export async function probeBackend(name: BackendName): Promise<BackendReport> {
  try {
    const { engine, adapter } = await openBackend(name);
    return { name, engine, ...(adapter && { adapter }) };
  } catch (error) {
    return { name, problem: messageOf(error) };
  }
}

/**
 * Tries a backend: opens the graphs, asks for the answer that the bundle stores, and measures.
 *
 * @param rounds Times that it is asked, the first of which warms it up.
 */
export async function tryBackend(
  probed: BackendReport,
  { source, files, threads }: ChoosingOptions,
  rounds: number,
): Promise<BackendReport> {
  const { selfTest } = source.manifest;
  if (probed.problem !== undefined || selfTest === undefined) return probed;
  try {
    await using graphs = await openGraphs(files, probed.name, threads);
    return { ...probed, selfTest: await runSelfTest(graphs, source.manifest, selfTest, rounds) };
  } catch (error) {
    return { ...probed, problem: messageOf(error) };
  }
}

/** Milliseconds of a caption of ten words. */
function captionMs({ encodeMs, wordMs }: SelfTestOutcome): number {
  return encodeMs + typicalWords * wordMs;
}

/**
 * The fastest backend of those that load, are no software stand-in, and give the answer which the bundle stores.
 *
 * @throws {EdgecapError} `self-test-failed` where none gives it.
 */
export function choose(reports: readonly BackendReport[], source: ChoosingOptions["source"]): ChosenBackend {
  if (source.manifest.selfTest === undefined)
    return { backend: "wasm", why: "the bundle stores no answer to test other backends with" };
  const usable = reports.filter(({ problem, adapter }) => problem === undefined && adapter?.software !== true);
  const others = usable.filter(({ name }) => name !== "wasm");
  if (others.length === 0) return { backend: "wasm", why: "no other backend can be used here" };
  const right = usable.filter(({ selfTest }) => selfTest?.passed === true);
  const [best, next] = right.toSorted((a, b) => captionMs(a.selfTest!) - captionMs(b.selfTest!));
  if (best === undefined) {
    throw new EdgecapError(
      "self-test-failed",
      `No backend passes the test that the bundle "${source.where}" stores: run "edgecap doctor", and copy or export the bundle again.`,
    );
  }
  const ms = (report: BackendReport) => `${captionMs(report.selfTest!).toFixed(0)} ms`;
  const ahead = next === undefined ? "" : `, before ${next.name} with ${ms(next)}`;
  return { backend: best.name, why: `it passes the bundle's test and captions in ${ms(best)}${ahead}` };
}

/**
 * The backend for a bundle on this machine, by evidence; it is remembered, so that a machine is measured once for each
 * bundle and version.
 *
 * @throws {EdgecapError} `self-test-failed`.
 */
export async function chooseBackend(options: ChoosingOptions): Promise<ChosenBackend> {
  const { source } = options;
  if (source.manifest.selfTest === undefined) return choose([], source);
  const remembered = await recall(options);
  if (remembered !== undefined) return remembered;
  const probes: BackendReport[] = [];
  for (const name of backendNames) {
    if (name === "webgpu" && !mayHaveGraphics()) continue;
    probes.push(await probeBackend(name));
  }
  const candidates = probes.filter(({ problem, adapter }) => problem === undefined && adapter?.software !== true);
  if (candidates.length === 1) return choose(candidates, source);
  const reports: BackendReport[] = [];
  for (const candidate of candidates) reports.push(await tryBackend(candidate, options, 3));
  const chosen = choose(reports, source);
  await remember(options, chosen, reports);
  return chosen;
}

/** Notes the choice for the next start, with what it rests on; written whole or not at all. */
export async function remember(
  options: ChoosingOptions,
  chosen: ChosenBackend,
  reports: readonly BackendReport[],
): Promise<void> {
  const { engine, adapter } = reports.find(({ name }) => name === chosen.backend) ?? {};
  const text = JSON.stringify({ ...chosen, engine, adapter: adapter?.name });
  await (await openStore()).write(await memoryKey(options, "auto"), new TextEncoder().encode(`${text}\n`));
}

/**
 * Holds a backend that was asked for by name to the answer which the bundle stores, so that no caption is quietly wrong. One
 * that passed is remembered, and not asked again by later starts; a bundle without an answer is taken as it is.
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
      : 'Use the backend "wasm", or "auto", which takes one that passes; "edgecap doctor" tries every backend.';
  throw new EdgecapError(
    "self-test-failed",
    `The backend "${backend}" (${engine}${adapter === undefined ? "" : `, ${adapter.name}`}) fails the test that the bundle "${where}" stores: ${difference(selfTest)}. Its captions would be wrong here. ${remedy}`,
  );
}

/** Notes that a backend passed the bundle's test, or forgets that it once did. */
export async function rememberAnswer(report: BackendReport, options: ChoosingOptions): Promise<void> {
  const [store, key] = [await openStore(), await memoryKey(options, report.name)];
  const text = JSON.stringify({ engine: report.engine, adapter: report.adapter?.name });
  if (report.selfTest?.passed === true) await store.write(key, new TextEncoder().encode(`${text}\n`));
  else await store.remove(key);
}

/** What was chosen before, where the same engine and adapter are still there. */
async function recall(options: ChoosingOptions): Promise<ChosenBackend | undefined> {
  const kept = await readMemory(options, "auto");
  const backend = backendNames.find((name) => name === kept?.["backend"]);
  const why = kept?.["why"];
  if (backend === undefined || typeof why !== "string") return undefined;
  const { engine, adapter, problem } = await probeBackend(backend);
  if (problem !== undefined || engine !== kept?.["engine"] || adapter?.name !== kept?.["adapter"]) return undefined;
  return { backend, why };
}

/** What was kept of a backend, or of the choice; `undefined` where nothing was, or it is damaged. */
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
 * The name under which the choice, or what is known of a backend, is kept: whatever would change it, and can be known
 * without loading anything.
 */
async function memoryKey({ source, threads }: ChoosingOptions, what: BackendChoice): Promise<string> {
  const parts = [choiceVersion, describeMachine(), source.hash, threads, what];
  return `backend-${await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)))}.json`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
