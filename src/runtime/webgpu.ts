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
 * onnxruntime-web's WebGPU, on the runtime's own or, on Bun and Node, on that of the package `webgpu`.
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
 * Another onnxruntime-web: a run that fails in the middle, as one does whose device is lost, leaves the stack of the
 * WebAssembly as it was, and everything after it reads garbage. Modules are kept by their address, so it is the same
 * one under another: the file beside, which differs in where it looks for its script.
 */
async function anotherOrt(): Promise<typeof Ort> {
  const address = new URL("ort.webgpu.min.mjs", import.meta.resolve("onnxruntime-web/webgpu"));
  const another: typeof Ort = await import(address.href);
  await prepare(another);
  return another;
}

/** Time after a failure in which the loss of the device is told, in milliseconds. */
const lossDelayMs = 200;

/** One device, and the turns that its sessions take: two at once can crash it. */
export class WebgpuBackend implements Backend {
  readonly name = "webgpu";
  readonly engine = `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}, WebGPU`;
  readonly adapter: AdapterInfo;
  /** Counts the devices, from 0: tensors of an earlier one are gone. */
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

  /** Runs `work` alone on the device, and gives up on it where the device is lost meanwhile. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (this.#lostReason !== undefined) await this.#replace();
      const { device } = this;
      const lost = device.lost.then(({ message }): never => {
        throw new DeviceReplacedError(message);
      });
      lost.catch(() => {});
      const done = work().catch(async (error: unknown) => {
        // What fails because the device is gone can fail before the loss is told.
        await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, lossDelayMs))]);
        throw error;
      });
      done.catch(() => {});
      return await Promise.race([done, lost]);
    });
  }

  /** Opens a session on the device that there is now; only in a turn. */
  async openNow(bytes: Uint8Array, { keep }: OpenOptions): Promise<OrtSession> {
    const device = this.device as unknown as never;
    try {
      const session = await this.#ort.InferenceSession.create(bytes, {
        executionProviders: [{ name: "webgpu", device }],
        graphOptimizationLevel: "all",
        // That operators about shapes run on the processor is meant.
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

  /** Takes another device in place of the one lost; once. */
  async #replace(): Promise<void> {
    const reason = this.#lostReason;
    if (this.generation > 0) {
      throw new EdgecapError(
        "backend-lost",
        `The graphics device was lost for the second time (${reason}): start the program again, or use the backend "wasm".`,
      );
    }
    const { device } = await openDevice();
    this.#ort = await anotherOrt().catch((cause: unknown) => {
      throw new EdgecapError(
        "backend-lost",
        `The graphics device was lost (${reason}), and a bundled script cannot start anew: load the page again, or use the backend "wasm".`,
        { cause },
      );
    });
    this.device = device;
    this.generation++;
    this.#lostReason = undefined;
    this.#watch(device);
  }
}

/** Which of the devices each tensor is on. */
const made = new WeakMap<object, number>();

/** A graph on a device, opened anew where the device was replaced. */
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
          throw new DeviceReplacedError("The tensor was on the device before.");
      }
      const outputs = await this.#session.run(inputs);
      for (const value of Object.values(outputs)) if (isDeviceTensor(value)) made.set(value, backend.generation);
      return outputs;
    });
  }

  async release(): Promise<void> {
    // A session of a lost device has nothing left to free.
    if (this.#generation !== this.#backend.generation || this.#backend.lost) return;
    await this.#backend.inTurn(() => this.#session.release());
  }
}
