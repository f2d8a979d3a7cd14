import { describe, expect, test } from "bun:test";
import { readAsset } from "#assets";
import { KernelModule, type KernelName } from "../../../src/runtime/rust/kernel_module.ts";
import { warmUp } from "../../../src/runtime/rust/warm_up.ts";
import { testUnless } from "../../skip.ts";

const dot16 = new WebAssembly.Module(await readAsset("engine_dot16.wasm"));
const relaxedBytes = await readAsset("engine_relaxed.wasm");
const relaxed = WebAssembly.validate(relaxedBytes) ? new WebAssembly.Module(relaxedBytes) : undefined;

async function runsOf(module: WebAssembly.Module, kernel: KernelName, most: number): Promise<number> {
  let runs = 0;
  await warmUp({ encoder: module, kernel, decoder: module }, () => runs++ < most);
  return runs;
}

describe("warmUp()", () => {
  for (const kernel of ["dot16", "compact"] as const) {
    test(`runs the kernel ${kernel} until it ends by itself`, async () => {
      const runs = await runsOf(dot16, kernel, 1000);
      expect(runs).toBeGreaterThan(10);
      expect(runs).toBeLessThan(100);
    });
  }

  testUnless(
    relaxed === undefined ? "no relaxed SIMD" : undefined,
    "runs every kernel of the module with relaxed SIMD",
    async () => {
      for (const kernel of new KernelModule(relaxed!).kernels) {
        expect(await runsOf(relaxed!, kernel, 1000)).toBeGreaterThan(10);
      }
    },
  );

  test("ends as soon as it may not continue", async () => {
    expect(await runsOf(dot16, "dot16", 0)).toBeLessThan(3);
    expect(await runsOf(dot16, "dot16", 5)).toBeLessThan(8);
  });
});
