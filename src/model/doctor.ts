import { arch, availableParallelism, platform } from "node:os";
import { isExecutable } from "#assets";
import type { OpenBundle } from "../bundle/open_bundle.ts";
import { EdgecapError } from "../errors.ts";
import { describeProcessor } from "../platform/processor.ts";
import { runtimeVersion } from "../platform/runtime_name.ts";
import { backendNames } from "../runtime/backend.ts";
import {
  type BackendReport,
  type ChosenBackend,
  choose,
  probeBackend,
  remember,
  rememberAnswer,
  tryBackend,
} from "./choose_backend.ts";

/** The features of a machine, and the facts about each backend on it. */
export interface DoctorReport {
  readonly machine: {
    /** Bun, Deno or Node, with its version. */
    readonly runtime: string;
    readonly platform: string;
    readonly architecture: string;
    /** Model and features, such as `AMD EPYC (AVX2, FMA, no VNNI)`. */
    readonly processor: string;
    readonly cores: number;
    /** The features of WebAssembly in this runtime. */
    readonly simd: boolean;
    readonly relaxedSimd: boolean;
    readonly wasmThreads: boolean;
    /** Whether this is an executable, which only has the backends `wasm` and `rust`. */
    readonly executable: boolean;
  };
  readonly bundle: {
    readonly where: string;
    readonly name: string;
    readonly version: string;
    readonly encoder: string;
    readonly decoder: string;
    /** Whether it stores an answer to test backends with. */
    readonly selfTest: boolean;
  };
  readonly threads: number;
  readonly backends: readonly BackendReport[];
  /** The backend that `auto` chooses, if any works. */
  readonly choice?: ChosenBackend;
  /** Why `auto` finds no backend. */
  readonly problem?: string;
}

/** Tiny modules: one uses SIMD, one relaxed SIMD, one shared memory. */
const probes = {
  simd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  relaxedSimd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
} as const;

/**
 * Tests every backend with a bundle, and stores the choice as `auto` does.
 *
 * @throws {EdgecapError} `bundle-*` if the files cannot be read.
 */
export async function diagnose(options: {
  readonly source: OpenBundle;
  readonly threads: number;
}): Promise<DoctorReport> {
  const { source, threads } = options;
  const { manifest, where } = source;
  const choosing = { source, files: source.parts(), threads };
  const backends: BackendReport[] = [];
  for (const name of backendNames) {
    const probed = await probeBackend(name);
    const tried = await tryBackend(probed, choosing, probed.adapter?.software === true ? 1 : 3);
    await rememberAnswer(tried, choosing);
    backends.push(tried);
  }
  let outcome: Pick<DoctorReport, "choice" | "problem">;
  try {
    const choice = choose(backends, source);
    outcome = { choice };
    if (manifest.selfTest !== undefined) await remember(choosing, choice);
  } catch (error) {
    if (!(error instanceof EdgecapError)) throw error;
    outcome = { problem: error.message };
  }
  return {
    machine: {
      runtime: runtimeVersion(),
      platform: platform(),
      architecture: arch(),
      processor: describeProcessor(),
      cores: availableParallelism(),
      simd: validates(probes.simd),
      relaxedSimd: validates(probes.relaxedSimd),
      wasmThreads: hasSharedMemory(),
      executable: isExecutable,
    },
    bundle: {
      where,
      name: manifest.name,
      version: manifest.version,
      encoder: manifest.encoder.precision,
      decoder: manifest.decoder.precision,
      selfTest: manifest.selfTest !== undefined,
    },
    threads,
    backends,
    ...outcome,
  };
}

function validates(sections: readonly number[]): boolean {
  return WebAssembly.validate(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, ...sections]));
}

function hasSharedMemory(): boolean {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}
