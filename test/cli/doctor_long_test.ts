import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeBundle } from "../../src/bundle/write_bundle.ts";
import type { DoctorReport } from "../../src/model/doctor.ts";
import { selfTestOf } from "../../src/model/stored_answer.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";
import { edgecap } from "./edgecap.ts";

const { description, files } = tinyBundle();

describe("edgecap doctor", () => {
  test("tries every backend, says why one is missing, and which one auto chooses", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-doctor-"));
    process.env["EDGECAP_CACHE"] = join(folder, "cache");
    try {
      const bundle = join(folder, "bundle");
      await writeBundle(bundle, { ...description, selfTest: await selfTestOf(files, description) }, files);
      const { status, stdout } = await edgecap(["doctor", "--json", "--bundle", bundle]);
      const report = JSON.parse(stdout) as DoctorReport;
      expect(status).toBe(0);
      expect(report.machine.cores).toBeGreaterThan(0);
      expect(report.machine.simd).toBe(true);
      expect(report.backends.map(({ name }) => name)).toEqual(["wasm", "rust", "webgpu", "native"]);
      for (const { problem, selfTest, engine, name } of report.backends) {
        if (problem !== undefined) expect(problem).toContain(`"${name}"`);
        else expect([name, selfTest?.passed, engine?.startsWith("onnxruntime")]).toEqual([name, true, true]);
      }
      expect(report.backends[0]!.selfTest!.encodeMs).toBeGreaterThan(0);
      const software = report.backends.find(({ adapter }) => adapter?.software === true);
      expect(report.choice!.backend).not.toBe(software?.name);
      // auto chooses the backend that doctor found, even if the bundle was damaged since.
      const [kept] = readdirSync(join(folder, "cache"));
      writeFileSync(join(folder, "cache", kept!), "{");
      const { stdout: text } = await edgecap(["doctor", "--bundle", bundle]);
      expect(text).toContain("auto takes ");
      for (const part of ["cores", "SIMD", "threads", "ms for the encoder", "ms per word"])
        expect(text).toContain(part);
    } finally {
      delete process.env["EDGECAP_CACHE"];
      rmSync(folder, { recursive: true });
    }
  });

  test("says that a bundle without an answer cannot be tested, and fails if no backend gives the answer", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgecap-doctor-"));
    try {
      const bundle = join(folder, "bundle");
      await writeBundle(bundle, description, files);
      const plain = await edgecap(["doctor", "--bundle", bundle]);
      expect(plain.stdout).toContain("auto takes wasm: the bundle stores no answer");
      const selfTest = await selfTestOf(files, description);
      await writeBundle(bundle, { ...description, selfTest: { ...selfTest, tokens: [4, 4, 4] } }, files);
      const wrong = await edgecap(["doctor", "--bundle", bundle]);
      expect([wrong.status, wrong.stdout.includes("fails the bundle's test")]).toEqual([1, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
