import { describe, expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { probeBackend } from "../../src/model/choose_backend.ts";
import { testUnless } from "../skip.ts";
import type { NativeFindings } from "./native_checks.ts";

const script = fileURLToPath(new URL("native_checks.ts", import.meta.url));
const hasNative = (await probeBackend("native")).problem === undefined;
const hasQemu = spawnSync("qemu-x86_64", ["--version"]).status === 0;

/** The checks on this processor, or on another one that qemu emulates. */
function findings(processor?: string): NativeFindings {
  const cache = mkdtempSync(join(tmpdir(), "edgecap-native-"));
  try {
    const command = processor === undefined ? [] : ["qemu-x86_64", "-cpu", processor];
    const [program, ...args] = [...command, process.execPath, script];
    const { stdout, stderr, status } = spawnSync(program!, args, {
      encoding: "utf8",
      env: { ...process.env, EDGECAP_CACHE: cache },
    });
    if (status !== 0) throw new Error(`The checks ended with status ${status}: ${stderr}`);
    return JSON.parse(stdout) as NativeFindings;
  } finally {
    rmSync(cache, { recursive: true });
  }
}

const noNative = hasNative ? undefined : "onnxruntime-node does not load";
const noQemu = process.arch === "x64" && hasQemu ? undefined : "no qemu-x86_64, of the package qemu-user, on x64";

describe("native on any processor", () => {
  testUnless(noNative, "passes the default bundle's test on this one", () => {
    const found = findings();
    expect([found.passed, found.trainsOn]).toEqual([true, "onnxruntime-node"]);
    expect(found.featureError).toBeLessThan(1e-3);
  });

  // It lacks VNNI: what onnxruntime does there by itself is far off, or this test would show nothing.
  testUnless(noNative ?? noQemu, "passes it on a processor whose 8-bit products overflow", () => {
    const found = findings("Haswell");
    expect(found.plainError).toBeGreaterThan(0.1);
    expect(found.featureError).toBeLessThan(1e-3);
    expect([found.passed, found.trainsOn]).toEqual([true, "onnxruntime-node"]);
    expect(found.engine).toContain("unsigned 8-bit weights");
  });
});
