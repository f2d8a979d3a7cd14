import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs";
import { EdgecapError } from "../errors.ts";
import { setVariable, variable } from "../platform/environment.ts";

export { tf };

/** The tfjs backend, which executes tfjs kernels: TensorFlow's own library, a GPU, WebAssembly, or plain JavaScript. */
export const tensorflowBackends = ["tensorflow", "webgpu", "wasm", "cpu"] as const;

/** One of {@linkcode tensorflowBackends}. */
export type TensorflowBackend = (typeof tensorflowBackends)[number];

/**
 * Activates a tfjs backend, and returns its name.
 *
 * `auto` chooses TensorFlow's native library if the package `@tensorflow/tfjs-node` is built, otherwise WebAssembly.
 *
 * @param choice A backend, or `auto` (default).
 * @throws {EdgecapError} `option-invalid` if the backend asked for does not start here.
 */
export async function startTensorflow(choice: TensorflowBackend | "auto" = "auto"): Promise<TensorflowBackend> {
  const order: readonly TensorflowBackend[] = choice === "auto" ? ["tensorflow", "wasm"] : [choice];
  const reasons: string[] = [];
  // Hides tfjs's advice to install another backend: edgecap gives it elsewhere.
  tf.enableProdMode();
  for (const backend of order) {
    try {
      await register(backend);
      if (!(await tf.setBackend(backend))) throw new Error("setBackend returned false");
      await tf.ready();
      return backend;
    } catch (error) {
      reasons.push(`${backend}: ${String(error).split("\n")[0]}`);
    }
  }
  throw new EdgecapError(
    "option-invalid",
    `No tfjs backend starts (${reasons.join("; ")}). Install @tensorflow/tfjs-node, or choose another with --backend.`,
  );
}

async function register(backend: TensorflowBackend): Promise<void> {
  if (backend === "tensorflow") {
    restoreRemovedNodeUtilities();
    await quietTensorflow();
    await import("@tensorflow/tfjs-node");
  } else if (backend === "wasm") {
    await import("@tensorflow/tfjs-backend-wasm");
    registerSegmentSum();
  } else if (backend === "webgpu") {
    // Imported through a variable, because the package is optional and not a dependency.
    const name = "@tensorflow/tfjs-backend-webgpu";
    await import(name);
  }
}

/** TensorFlow's library writes about its build to standard error, unless a variable forbids it before it loads. */
async function quietTensorflow(): Promise<void> {
  const name = "TF_CPP_MIN_LOG_LEVEL";
  if (variable(name) !== undefined) return;
  // Errors only. If the variable cannot be set, the lines are only a nuisance.
  await setVariable(name, "2").catch(() => {});
}

/** tfjs-node calls two functions that newer runtimes have removed from `node:util`. */
function restoreRemovedNodeUtilities(): void {
  const util = createRequire(import.meta.url)("node:util") as Record<string, unknown>;
  util["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}

/** The gradient of `tf.gather`, which the WebAssembly backend lacks: rows of equal index are summed. */
function registerSegmentSum(): void {
  if (tf.getKernel("UnsortedSegmentSum", "wasm") !== undefined) return;
  tf.registerKernel({
    kernelName: "UnsortedSegmentSum",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
      const { numSegments } = attrs as unknown as { numSegments: number };
      const store = backend as unknown as {
        readSync(id: object): Float32Array | Int32Array;
        write(values: Float32Array, shape: number[], type: string): object;
      };
      const rows = store.readSync(x.dataId);
      const segments = store.readSync(segmentIds.dataId);
      const width = tf.util.sizeFromShape(x.shape.slice(segmentIds.shape.length));
      const sums = new Float32Array(numSegments * width);
      for (let row = 0; row < segments.length; row++) {
        const target = segments[row]! * width;
        for (let column = 0; column < width; column++) sums[target + column]! += rows[row * width + column]!;
      }
      const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
      return { dataId: store.write(sums, shape, x.dtype), shape, dtype: x.dtype };
    },
  });
}
