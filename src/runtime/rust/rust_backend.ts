import { EdgecapError } from "../../errors.ts";
import type { Backend, BackendSession } from "../backend.ts";
import type { GraphPort, GraphValue } from "../tensors.ts";
import { DecoderSession } from "./decoder_session.ts";
import { Int8Encoder } from "./int8_encoder.ts";
import { KernelModule } from "./kernel_module.ts";
import { readOnnx } from "./onnx_reader.ts";
import type { Plan } from "./plan.ts";
import { decoderOf } from "./read_decoder.ts";
import { planOf } from "./read_plan.ts";
import { type Kernels, warmUp } from "./warm_up.ts";

/** Version of crates/engine. */
const version = "0.2.0";

/** Whether the encoder's kernel should save time or memory (22 MB) if the fastest one is not exact here. */
export type KernelAim = "time" | "memory";

/** The engine's modules; each is requested at most once, and only if it is needed. */
export interface EngineModules {
  /** The faster one; `undefined` if the runtime refuses relaxed SIMD. */
  readonly relaxed: () => Promise<WebAssembly.Module | undefined>;
  /** The one that runs everywhere; `undefined` if there is only the other. */
  readonly dot16: () => Promise<WebAssembly.Module | undefined>;
}

/**
 * The backend `rust`: edgecap's own engine, built from crates/engine. It runs 8-bit encoders and
 * attention decoders on one thread.
 *
 * @throws {EdgecapError} `backend-unavailable` if no module runs here, and on opening a graph of another form.
 */
export async function rustBackend(modules: EngineModules, aim: KernelAim = "time"): Promise<Backend> {
  const chosen = await chooseKernels(modules, aim);
  const { encoder, kernel, decoder } = chosen;
  return {
    name: "rust",
    engine: `edgecap-engine ${version}, kernel ${kernel}`,
    open: async (bytes) => {
      // Only an encoder reads pictures, which have rows, columns and channels.
      const graph = readOnnx(bytes);
      if (graph.inputs[0]?.shape.length !== 4) return new DecoderSession(decoderOf(graph), new KernelModule(decoder));
      const plan = planOf(graph);
      return new EncoderSession(plan, new Int8Encoder(plan, new KernelModule(encoder), kernel));
    },
    warmUp: async (signal) => {
      await warmUp(chosen, signal);
    },
  };
}

/**
 * Tries the faster module first: some machines refuse it. On others its encoder is not exact, but its decoder, which
 * multiplies and adds in one step, is as exact as any.
 */
async function chooseKernels(modules: EngineModules, aim: KernelAim): Promise<Kernels> {
  const decoder = await modules.relaxed();
  if (decoder !== undefined && new KernelModule(decoder).kernels.includes("direct"))
    return { encoder: decoder, kernel: "direct", decoder };
  const encoder = await modules.dot16();
  // The faster module has that kernel too.
  const either = encoder ?? decoder;
  if (either !== undefined)
    return { encoder: either, kernel: aim === "memory" ? "compact" : "dot16", decoder: decoder ?? either };
  throw new EdgecapError(
    "backend-unavailable",
    'The backend "rust" has no module that runs here: this runtime refuses relaxed SIMD, so give engine_dot16.wasm.',
  );
}

/** An encoder, whose memory is freed when it is released. */
class EncoderSession implements BackendSession {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  #encoder: Int8Encoder | undefined;

  constructor({ ports: { input, output } }: Plan, encoder: Int8Encoder) {
    this.inputs = [{ name: input.name, shape: ["batch", ...input.shape] }];
    this.outputs = [{ name: output.name, shape: ["batch", ...output.shape] }];
    this.#encoder = encoder;
  }

  async run(inputs: Readonly<Record<string, GraphValue>>): Promise<Record<string, GraphValue>> {
    const [input, output] = [this.inputs[0]!, this.outputs[0]!];
    const pictures = inputs[input.name];
    if (this.#encoder === undefined) throw new Error("the encoder is released");
    if (pictures === undefined || !("data" in pictures) || !(pictures.data instanceof Float32Array))
      throw new TypeError(`the input "${input.name}" is missing, or not float32`);
    const { data, shape } = pictures;
    const [count = 0, ...lengths] = shape;
    const expected = input.shape.slice(1);
    if (lengths.join() !== expected.join() || data.length !== shape.reduce((product, length) => product * length, 1))
      throw new RangeError(
        `the input "${input.name}" is [${shape.join(", ")}] with ${data.length} numbers, instead of [batch, ${expected.join(", ")}]`,
      );
    const size = data.length / Math.max(1, count);
    const featureShape = output.shape.slice(1) as number[];
    const each = featureShape.reduce((product, length) => product * length, 1);
    const features = new Float32Array(count * each);
    for (let at = 0; at < count; at++) {
      features.set(this.#encoder.run(data.subarray(at * size, (at + 1) * size)), at * each);
    }
    return { [output.name]: { data: features, shape: [count, ...featureShape] } };
  }

  async release(): Promise<void> {
    this.#encoder = undefined;
  }
}
