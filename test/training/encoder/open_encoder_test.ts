import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GraphBuilder } from "../../../src/export/mod.ts";
import { probeBackend } from "../../../src/model/choose_backend.ts";
import { photoEncoder } from "../../../src/training/encoder/encode_photos.ts";
import { encoderLicences, openEncoder } from "../../../src/training/encoder/open_encoder.ts";
import { tinyBundle } from "../../fixtures/tiny_bundle.ts";

describe("photoEncoder()", () => {
  test("uses wasm, and says why, if native features differ from those of wasm", async () => {
    const g = new GraphBuilder("encoder");
    const pixels = g.input("pixels", "float32", ["batch", 8, 8, 3]);
    // NaN does not equal itself, so no two backends agree.
    const broken = g.node("Log", [g.node("Sub", [g.scalar(-1), pixels])]);
    g.output("grid", g.node("Reshape", [broken, g.ints([-1, 64, 3])]), "float32", ["batch", 64, 3]);
    const encoder = { graph: g.toBytes(), size: 8, precision: "fp32" } as const;
    await using session = await photoEncoder(encoder, 1);
    const hasNative = (await probeBackend("native")).problem === undefined;
    if (hasNative)
      expect(session.runtime).toBe("onnxruntime-web (features of onnxruntime-node are NaN away, more than 0.001)");
    expect((await session.encode([new Uint8Array(192), new Uint8Array(192)])).length).toBe(384);
  });
});

describe("openEncoder()", () => {
  test("finds out a file's input and output, and halves it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-encoder-"));
    try {
      const name = join(folder, "encoder.onnx");
      await writeFile(name, tinyBundle().files.encoder);
      const encoder = await openEncoder({ name, size: 90, seed: 1 });
      expect([encoder.precision, encoder.size, encoder.regions, encoder.features]).toEqual(["fp32", 224, 49, 4]);
      await expect(openEncoder({ name, size: 90, seed: 1, precision: "int8" })).rejects.toThrow(
        /cannot be converted to int8/,
      );
      await expect(openEncoder({ name: `${name}x`, size: 90, seed: 1 })).rejects.toThrow(
        /Give default, resnet50, simple-cnn/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("stores the simple CNN in half the bytes", async () => {
    const whole = await openEncoder({ name: "simple-cnn", size: 90, seed: 1 });
    const half = await openEncoder({ name: "simple-cnn", size: 90, seed: 1, precision: "fp16" });
    expect(half.precision).toBe("fp16");
    expect(half.graph.length).toBeLessThan(0.55 * whole.graph.length);
    expect(await encoderLicences("simple-cnn")).toEqual([]);
    expect((await encoderLicences("resnet50"))[0]!.licence).toBe("MIT");
  });

  test("gives the default bundle's encoder only in its own size and precision", async () => {
    const encoder = await openEncoder({ name: "default", size: 224, seed: 1 });
    expect([encoder.precision, encoder.size, encoder.regions, encoder.features]).toEqual(["int8", 224, 49, 2048]);
    expect((await encoderLicences("default")).length).toBeGreaterThan(0);
    const small = openEncoder({ name: "default", size: 90, seed: 1 });
    await expect(small).rejects.toThrow(/224 pixels, not 90: use --encoder resnet50/);
    const whole = openEncoder({ name: "default", size: 224, precision: "fp32", seed: 1 });
    await expect(whole).rejects.toThrow(/int8 cannot be converted to fp32/);
  });
});
