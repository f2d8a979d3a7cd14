import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encoderLicences, openEncoder } from "../../src/training/encoders.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";

describe("openEncoder()", () => {
  test("reads off a file what it takes and gives, and halves it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgecap-encoder-"));
    try {
      const name = join(folder, "encoder.onnx");
      await writeFile(name, tinyBundle().files.encoder);
      const encoder = await openEncoder({ name, size: 90, seed: 1 });
      expect([encoder.precision, encoder.size, encoder.regions, encoder.features]).toEqual(["fp32", 224, 49, 4]);
      await expect(openEncoder({ name, size: 90, seed: 1, precision: "int8" })).rejects.toThrow(/cannot become int8/);
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

  test("gives the default bundle's in the size and precision that it has, and no other", async () => {
    const encoder = await openEncoder({ name: "default", size: 224, seed: 1 });
    expect([encoder.precision, encoder.size, encoder.regions, encoder.features]).toEqual(["int8", 224, 49, 2048]);
    expect((await encoderLicences("default")).length).toBeGreaterThan(0);
    const small = openEncoder({ name: "default", size: 90, seed: 1 });
    await expect(small).rejects.toThrow(/224 pixels, not 90: give --encoder resnet50/);
    const whole = openEncoder({ name: "default", size: 224, precision: "fp32", seed: 1 });
    await expect(whole).rejects.toThrow(/int8 cannot become fp32/);
  });
});
