import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../../src/image/decode.ts";
import { photoEncoder } from "../../../src/training/encoder/encode_photos.ts";
import type { Encoder } from "../../../src/training/encoder/encoder_graph.ts";
import { openEncoder } from "../../../src/training/encoder/open_encoder.ts";
import { cosine } from "../../export/agreement.ts";
import { noWeights } from "../../export/resnet50_weights.ts";
import { noShared, sharedFolder } from "../../shared.ts";
import { testUnless } from "../../skip.ts";

const shared = sharedFolder();

/** The encoder's flattened features of golden photo `id`, and what they should be. */
async function againstGolden(encoder: Encoder, id: number): Promise<{ got: Float32Array; want: Float32Array }> {
  const golden = join(shared!, "golden", "resnet50");
  await using session = await photoEncoder(encoder, 1);
  const { rgb } = await decodeImage(readFileSync(join(golden, `${id}-90.png`)), { size: 90 });
  const want = new Float32Array(new Uint8Array(readFileSync(join(golden, `${id}-90.flat.f32`))).buffer);
  return { got: await session.encode([rgb]), want };
}

describe("openEncoder(), with the published weights", () => {
  testUnless(noWeights, "gives ResNet50 without its top at 90 pixels: 9 regions of 2,048", async () => {
    const int8 = await openEncoder({ name: "resnet50", size: 90, precision: "int8", seed: 1 });
    expect([int8.precision, int8.size, int8.regions, int8.features]).toEqual(["int8", 90, 9, 2048]);
  });

  testUnless(noShared ?? noWeights, "gives the article's 18,432 features, near the golden ones in int8", async () => {
    const int8 = await openEncoder({ name: "resnet50", size: 90, precision: "int8", seed: 1 });
    for (const id of [0, 3]) {
      const { got, want } = await againstGolden(int8, id);
      expect(got.length).toBe(18432);
      expect(cosine(got, want)).toBeGreaterThan(0.97);
    }
  });

  testUnless(noShared ?? noWeights, "gives the golden features in float32", async () => {
    const fp32 = await openEncoder({ name: "resnet50", size: 90, seed: 1 });
    expect(fp32.precision).toBe("fp32");
    for (const id of [0, 1, 2]) {
      const { got, want } = await againstGolden(fp32, id);
      let difference = 0;
      for (const [i, value] of want.entries()) difference += (got[i]! - value) ** 2;
      expect(Math.sqrt(difference) / Math.hypot(...want)).toBeLessThan(1e-5);
    }
  });
});
