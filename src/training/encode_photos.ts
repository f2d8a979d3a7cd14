import { GraphSession } from "../runtime/graph_session.ts";
import type { EncodePhotos } from "./feature_cache.ts";

/** An encoder graph as the feature cache uses it, and what executes it. */
export interface PhotoEncoder extends AsyncDisposable {
  readonly encode: EncodePhotos;
  readonly runtime: "onnxruntime-node" | "onnxruntime-web";
}

/**
 * Loads an encoder graph on the native onnxruntime where the package `onnxruntime-node` is installed, which is several
 * times faster, else on onnxruntime-web.
 *
 * @param encoder Bytes of the encoder graph.
 * @param size Side of a photo in pixels.
 * @param threads Threads of one inference.
 */
export async function photoEncoder(encoder: Uint8Array, size: number, threads: number): Promise<PhotoEncoder> {
  const native = await import("onnxruntime-node").catch(() => undefined);
  if (native === undefined) {
    const session = await GraphSession.create("encoder", encoder, { threads });
    return {
      runtime: "onnxruntime-web",
      encode: async (rgb) => {
        const shape = [rgb.length, size, size, 3];
        const { grid } = await session.run({ pixels: { data: pixelsOf(rgb), shape } });
        return grid!.data as Float32Array;
      },
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  }
  const session = await native.InferenceSession.create(encoder, { intraOpNumThreads: threads });
  return {
    runtime: "onnxruntime-node",
    encode: async (rgb) => {
      const pixels = new native.Tensor("float32", pixelsOf(rgb), [rgb.length, size, size, 3]);
      const { grid } = await session.run({ pixels });
      return grid!.data as Float32Array;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

function pixelsOf(rgb: readonly Uint8Array[]): Float32Array {
  const pixels = new Float32Array(rgb.reduce((sum, photo) => sum + photo.length, 0));
  let offset = 0;
  for (const photo of rgb) {
    pixels.set(photo, offset);
    offset += photo.length;
  }
  return pixels;
}
