/** The backend `webgpu` on a software adapter, which takes minutes on a busy machine. */
import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testUnless } from "../skip.ts";
import type { WebgpuFindings } from "./webgpu_checks.ts";

const onDeno = "Deno" in globalThis;

/** The checks in a separate process, with SwiftShader on Bun and Mesa's llvmpipe on Deno. */
function webgpuFindings(): WebgpuFindings | { missing: string } {
  const scratch = mkdtempSync(join(tmpdir(), "edgecap-webgpu-"));
  const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";
  try {
    const script = fileURLToPath(new URL("webgpu_checks.ts", import.meta.url));
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...(onDeno ? ["run", "-A", "--unstable-webgpu", "--no-check"] : []), script],
      {
        encoding: "utf8",
        env: {
          ...process.env,
          XDG_RUNTIME_DIR: scratch,
          ...(!onDeno && existsSync(swiftShader) && { VK_ICD_FILENAMES: swiftShader }),
        },
      },
    );
    if (status !== 0) throw new Error(`The checks ended with status ${status}: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

// Checked before the tests are defined, because a test that has begun cannot be skipped.
const webgpu = webgpuFindings();
const noWebgpu = "missing" in webgpu ? "no WebGPU adapter was found" : undefined;
const webgpuWorks = "webgpu keeps features on the device, agrees with wasm, leaks nothing and outlives one lost device";
testUnless(noWebgpu, webgpuWorks, () => {
  const found = webgpu as WebgpuFindings;
  expect(found.keptOnDevice).toBe(true);
  expect(found.featureError).toBeLessThan(1e-3);
  expect(found.logitError).toBeLessThan(1e-3);
  expect(found.sameCaptions).toBe(found.pictures);
  expect(found.buffersAfter).toBe(found.buffersBefore);
  expect([found.afterFirstLoss, found.wordsAfterFirstLoss]).toEqual(["caption", true]);
  expect(found.afterSecondLoss).toBe("backend-lost");
});
