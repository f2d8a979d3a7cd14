import { describe, expect, test } from "bun:test";
import { readAsset } from "#assets";
import { KernelModule, type KernelName } from "../../../src/runtime/rust/kernel_module.ts";
import { warmUp } from "../../../src/runtime/rust/warm_up.ts";
import { testUnless } from "../../skip.ts";

const dot16 = new WebAssembly.Module(await readAsset("engine_dot16.wasm"));
const relaxedBytes = await readAsset("engine_relaxed.wasm");
const relaxed = WebAssembly.validate(relaxedBytes) ? new WebAssembly.Module(relaxedBytes) : undefined;

const none = new AbortController().signal;

function runsOf(module: WebAssembly.Module, kernel: KernelName, signal = none): Promise<number> {
  return warmUp({ encoder: module, kernel, decoder: module }, signal);
}

describe("warmUp()", () => {
  for (const kernel of ["dot16", "compact"] as const) {
    test(`runs the kernel ${kernel} until it ends by itself`, async () => {
      const runs = await runsOf(dot16, kernel);
      expect(runs).toBeGreaterThan(10);
      expect(runs).toBeLessThan(100);
    });
  }

  testUnless(
    relaxed === undefined ? "no relaxed SIMD" : undefined,
    "runs every kernel of the module with relaxed SIMD",
    async () => {
      for (const kernel of new KernelModule(relaxed!).kernels) {
        expect(await runsOf(relaxed!, kernel)).toBeGreaterThan(10);
      }
    },
  );

  test("does not begin after an abort", async () => {
    expect(await runsOf(dot16, "dot16", AbortSignal.abort())).toBe(0);
  });

  test("ends at an abort, also where a timer takes very long, as in a page that nobody sees", async () => {
    const { setTimeout } = globalThis;
    const controller = new AbortController();
    let timers = 0;
    globalThis.setTimeout = ((work: () => void) => {
      // The first two pauses end at once, the third never does.
      if (++timers < 3) return setTimeout(work);
      queueMicrotask(() => controller.abort());
      return 0;
    }) as unknown as typeof setTimeout;
    try {
      expect(await runsOf(dot16, "dot16", controller.signal)).toBe(3);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
  });
});
