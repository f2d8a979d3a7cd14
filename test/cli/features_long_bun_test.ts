import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { noWeights } from "../export/resnet50_weights.ts";
import { testUnless } from "../skip.ts";
import { edgecap } from "./edgecap.ts";

const coffee = fileURLToPath(new URL("../../examples/coffee.jpg", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edgecap-features-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("edgecap features", () => {
  testUnless(noWeights, "writes a row for each picture, as NumPy reads it", async () => {
    const out = join(folder, "features.npy");
    const { status } = await edgecap(["features", "--pool", coffee, coffee, "--out", out]);
    expect(status).toBe(0);
    const bytes = readFileSync(out);
    const header = bytes.subarray(10, 10 + bytes.readUInt16LE(8)).toString();
    expect(bytes.subarray(1, 6).toString()).toBe("NUMPY");
    expect(header).toContain("'descr': '<f4'");
    expect(header).toContain("'shape': (2, 2048)");
    const rows = bytes.subarray(10 + header.length);
    expect(rows.length).toBe(2 * 2048 * 4);
    expect(rows.subarray(0, 8192).equals(rows.subarray(8192))).toBe(true);
  });

  testUnless(noWeights, "leaves an existing file unchanged if a picture fails", async () => {
    const out = join(folder, "kept.npy");
    writeFileSync(out, "kept");
    const { status, stderr } = await edgecap(["features", coffee, join(folder, "missing.jpg"), "--out", out]);
    expect(status).toBe(1);
    expect(stderr).toContain("missing.jpg");
    expect(readFileSync(out, "utf8")).toBe("kept");
  });
});
