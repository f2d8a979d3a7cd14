import type * as Ort from "onnxruntime-web";
import { ortWebgpuFiles } from "#assets";
import * as ort from "#onnxruntime-webgpu";
import { OneAtATime } from "../async/one_at_a_time.ts";
import { EdgecapError } from "../errors.ts";
import { WebWorker } from "../platform/web_worker.ts";
import type { AdapterInfo, Backend, BackendSession, OpenOptions } from "./backend.ts";
import { DeviceReplacedError } from "./device_replaced.ts";
import { type GpuDevice, openDevice } from "./gpu_device.ts";
import { OrtSession, type OrtTensors } from "./ort_session.ts";
import { type GraphPort, type GraphValue, isDeviceTensor } from "./tensors.ts";

/**
 * The backend `webgpu`: onnxruntime-web's WebGPU, on the runtime's own or, on Bun and Node, on the package `webgpu`.
 *
 * @throws {EdgecapError} `backend-unavailable`, saying what is missing and how to get it.
 */
export async function openWebgpu(): Promise<Backend> {
  const { device, adapter } = await openDevice();
  await prepare(ort);
  return new WebgpuBackend(device, adapter);
}

async function prepare({ env }: typeof Ort): Promise<void> {
  const { wasmPaths, wasmBinary } = await ortWebgpuFiles();
  env.wasm.numThreads = 1;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  if (wasmBinary !== undefined) env.wasm.wasmBinary = wasmBinary;
}

/**
 * Loads a second copy of onnxruntime-web. A run that fails midway, as on a lost device, does not restore the stack of
 * the WebAssembly, and everything after it reads garbage. Modules are cached by their address, so this is the same
 * module at another address: a sibling file that only differs in where it looks for its script.
 */
async function anotherOrt(): Promise<typeof Ort> {
  const address = new URL("ort.webgpu.min.mjs", import.meta.resolve("onnxruntime-web/webgpu"));
  const another: typeof Ort = await import(address.href);
  await prepare(another);
  return another;
}

/** Time after a failure within which a loss of the device is reported, in milliseconds. */
const lossDelayMs = 200;

/** One device, whose sessions take turns, because two at once can crash it. */
export class WebgpuBackend implements Backend {
  readonly name = "webgpu";
  readonly engine = `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}, WebGPU`;
  readonly adapter: AdapterInfo;
  /** Number of the current device, from 0; tensors of an earlier one are gone. */
  generation = 0;
  device: GpuDevice;
  #ort: typeof Ort = ort;
  #lostReason: string | undefined;
  readonly #turns = new OneAtATime();

  constructor(device: GpuDevice, adapter: AdapterInfo) {
    this.adapter = adapter;
    this.device = device;
    this.#watch(device);
  }

  /** Whether the device is gone and not yet replaced. */
  get lost(): boolean {
    return this.#lostReason !== undefined;
  }

  async open(bytes: Uint8Array, options: OpenOptions): Promise<BackendSession> {
    const kept = bytes.slice();
    const first = await this.inTurn(() => this.openNow(kept, options));
    return new WebgpuSession(this, kept, options, first);
  }

  /** Runs `work` alone on the device, and gives up if the device is lost in the meantime. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (this.#lostReason !== undefined) await this.#replace();
      const { device } = this;
      const lost = device.lost.then(({ message }): never => {
        throw new DeviceReplacedError(message);
      });
      lost.catch(() => {});
      const done = work().catch(async (error: unknown) => {
        // Work can fail because of a lost device before the loss is reported.
        await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, lossDelayMs))]);
        throw error;
      });
      done.catch(() => {});
      return await Promise.race([done, lost]);
    });
  }

  /** Opens a session on the current device; only during a turn. */
  async openNow(bytes: Uint8Array, { keep }: OpenOptions): Promise<OrtSession> {
    const device = this.device as unknown as never;
    try {
      const session = await this.#ort.InferenceSession.create(bytes, {
        executionProviders: [{ name: "webgpu", device }],
        graphOptimizationLevel: "all",
        // Shape operators run on the processor on purpose.
        logSeverityLevel: 3,
        preferredOutputLocation: Object.fromEntries(keep.map((name) => [name, "gpu-buffer" as const])),
      });
      return new OrtSession(this.#ort as unknown as OrtTensors, session);
    } finally {
      globalThis.Worker = WebWorker;
    }
  }

  #watch(device: GpuDevice): void {
    void device.lost.then(({ reason, message }) => {
      if (device === this.device) this.#lostReason = message || reason;
    });
  }

  /** Replaces a lost device; only once. */
  async #replace(): Promise<void> {
    const reason = this.#lostReason;
    if (this.generation > 0) {
      throw new EdgecapError(
        "backend-lost",
        `The graphics device was lost for the second time (${reason}): restart the program, or use the backend "wasm".`,
      );
    }
    const { device } = await openDevice();
    this.#ort = await anotherOrt().catch((cause: unknown) => {
      throw new EdgecapError(
        "backend-lost",
        `The graphics device was lost (${reason}), and a bundled script cannot replace it: reload the page, or use the backend "wasm".`,
        { cause },
      );
    });
    this.device = device;
    this.generation++;
    this.#lostReason = undefined;
    this.#watch(device);
  }
}

/** The device that each tensor is on. */
const made = new WeakMap<object, number>();

/** A graph on a device, opened again if the device was replaced. */
class WebgpuSession implements BackendSession {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  readonly #backend: WebgpuBackend;
  readonly #bytes: Uint8Array;
  readonly #options: OpenOptions;
  #generation: number;
  #session: OrtSession;

  constructor(backend: WebgpuBackend, bytes: Uint8Array, options: OpenOptions, session: OrtSession) {
    this.#backend = backend;
    this.#bytes = bytes;
    this.#options = options;
    this.#generation = backend.generation;
    this.#session = session;
    this.inputs = session.inputs;
    this.outputs = session.outputs;
  }

  async run(inputs: Readonly<Record<string, GraphValue>>): Promise<Record<string, GraphValue>> {
    const backend = this.#backend;
    return await backend.inTurn(async () => {
      if (this.#generation !== backend.generation) {
        this.#session = await backend.openNow(this.#bytes, this.#options);
        this.#generation = backend.generation;
      }
      for (const value of Object.values(inputs)) {
        if (isDeviceTensor(value) && made.get(value) !== backend.generation)
          throw new DeviceReplacedError("The tensor was on the earlier device.");
      }
      const outputs = await this.#session.run(inputs);
      for (const value of Object.values(outputs)) if (isDeviceTensor(value)) made.set(value, backend.generation);
      return outputs;
    });
  }

  async release(): Promise<void> {
    // A session on a lost device has nothing left to free.
    if (this.#generation !== this.#backend.generation || this.#backend.lost) return;
    await this.#backend.inTurn(() => this.#session.release());
  }
}
