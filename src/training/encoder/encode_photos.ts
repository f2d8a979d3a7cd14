import { encoderInput } from "../../image/encoder_input.ts";
import { distance, testPicture, tolerances } from "../../model/self_test.ts";
import { GraphSession } from "../../runtime/graph_session.ts";
import type { EncodePhotos } from "./feature_cache.ts";

/** An encoder graph as the feature cache uses it, and the backend that executes it. */
export interface PhotoEncoder extends AsyncDisposable {
  readonly encode: EncodePhotos;
  /** The package and, if the native one is not used, the reason. */
  readonly runtime: string;
}

/** The facts about an encoder that {@linkcode photoEncoder} uses. */
export interface PhotoEncoderOptions {
  /** Bytes of the encoder graph. */
  readonly graph: Uint8Array;
  /** Side of a photo in pixels. */
  readonly size: number;
  /** How its weights are stored, which says how far two backends may differ. */
  readonly precision: keyof typeof tolerances;
}

/**
 * Loads an encoder graph on the backend `native` if the package `onnxruntime-node` is installed, which is several times
 * faster, otherwise on `wasm`. It first compares native features with those of `wasm` on one picture. If they differ by
 * more than a bundle's self-test allows, it uses `wasm`, so that nobody trains on other features than captions are made
 * from.
 *
 * @param threads Threads of one inference.
 * @throws {EdgecapError} `graph-failed`.
 */
export async function photoEncoder(encoder: PhotoEncoderOptions, threads: number): Promise<PhotoEncoder> {
  const { graph } = encoder;
  const native = await GraphSession.create("encoder", graph, { threads, backend: "native" }).catch(() => undefined);
  const wasm = await GraphSession.create("encoder", graph, { threads });
  if (native === undefined) return encoderOn(wasm, encoder.size, "onnxruntime-web");
  const pixels = { data: encoderInput(testPicture(0, encoder.size)), shape: [1, encoder.size, encoder.size, 3] };
  const [found, expected] = [await native.run({ pixels }), await wasm.run({ pixels })];
  const apart = distance(found["grid"]!.data, expected["grid"]!.data);
  const allowed = tolerances[encoder.precision];
  // This form of the comparison also refuses NaN.
  if (apart <= allowed) {
    await wasm[Symbol.asyncDispose]();
    return encoderOn(native, encoder.size, "onnxruntime-node");
  }
  await native[Symbol.asyncDispose]();
  const why = `features of onnxruntime-node are ${apart.toExponential(1)} away, more than ${allowed}`;
  return encoderOn(wasm, encoder.size, `onnxruntime-web (${why})`);
}

function encoderOn(session: GraphSession, size: number, runtime: string): PhotoEncoder {
  return {
    runtime,
    encode: async (rgb) => {
      const { grid } = await session.run({ pixels: { data: pixelsOf(rgb), shape: [rgb.length, size, size, 3] } });
      return grid!.data as Float32Array;
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
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
