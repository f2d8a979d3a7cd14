import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { EdgecapError } from "../../../src/errors.ts";
import { readSafetensors, writeSafetensors } from "../../../src/files/safetensors.ts";
import { readCheckpoint, writeCheckpoint } from "../../../src/training/run/checkpoint.ts";
import { codeOf } from "../../code_of.ts";

const checkpoint = {
  meta: { epoch: 3, name: "ä" },
  arrays: new Map([
    ["weights", Float32Array.of(1, -2, 3.5)],
    ["none", new Float32Array()],
    ["bias", Float32Array.of(7)],
  ]),
};

async function withFile(work: (path: string, bytes: Buffer) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgecap-checkpoint-"));
  try {
    const path = join(folder, "last.ckpt");
    await writeCheckpoint(path, checkpoint);
    await work(path, await readFile(path));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("readCheckpoint()", () => {
  test("gives back what was written", () =>
    withFile(async (path) => {
      expect(await readCheckpoint(path)).toEqual(checkpoint);
    }));

  test("reads a safetensors file, whose arrays have their shapes", () =>
    withFile(async (path) => {
      const arrays = new Map(["matrix", "matrix/first", "bias"].map((name) => [name, new Float32Array(6)]));
      await writeCheckpoint(path, { meta: {}, arrays }, new Map([["matrix", [2, 3]]]));
      const { tensors } = readSafetensors(await readFile(path), () => new EdgecapError("data-invalid", "wrong"));
      expect([...tensors].map(([name, { kind, shape }]) => [name, kind, shape])).toEqual([
        ["matrix", "F32", [2, 3]],
        ["matrix/first", "F32", [2, 3]],
        ["bias", "F32", [6]],
      ]);
    }));

  test("notices every bit that has changed, and every length", () =>
    withFile(async (path, bytes) => {
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = damaged[at]! ^ (1 << (at % 8));
        await writeFile(path, damaged);
        expect([at, await codeOf(readCheckpoint(path))]).toEqual([at, "checkpoint-invalid"]);
      }
      for (let end = 0; end < bytes.length; end++) {
        await writeFile(path, bytes.subarray(0, end));
        expect([end, await codeOf(readCheckpoint(path))]).toEqual([end, "checkpoint-invalid"]);
      }
      await writeFile(path, Buffer.concat([bytes, Buffer.of(0, 0, 0, 0)]));
      expect(await codeOf(readCheckpoint(path))).toBe("checkpoint-invalid");
    }));

  test("refuses checkpoints of the earlier format, and says how to continue their runs", () =>
    withFile(async (path) => {
      for (const magic of ["EDGECAP1", "EDGECAP2"]) {
        await writeFile(path, `${magic}\x02\0\0\0{}`);
        const error = await readCheckpoint(path).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: "checkpoint-invalid" });
        expect(String(error)).toContain("Continue its run with that version");
      }
    }));

  test("throws nothing but EdgecapError, whatever its metadata and its arrays are", () =>
    withFile(async (path) => {
      const text = fc.oneof(fc.json(), fc.string(), fc.constant(undefined));
      const tensor = fc.constantFrom(
        { kind: "F32" as const, shape: [1], data: Float32Array.of(1) },
        { kind: "U8" as const, shape: [1], data: Uint8Array.of(1) },
      );
      await fc.assert(
        fc.asyncProperty(text, tensor, async (meta, a) => {
          const sha256 = "0".repeat(64);
          const bytes = Buffer.from(writeSafetensors({ a }, { sha256, ...(meta !== undefined && { meta }) }));
          bytes.write(createHash("sha256").update(bytes).digest("hex"), bytes.indexOf(sha256));
          await writeFile(path, bytes);
          const code = await codeOf(readCheckpoint(path));
          const isObject = /^\s*[[{]/.test(meta ?? "") && isJson(meta!);
          expect(code).toBe(isObject && a.kind === "F32" ? "no error" : "checkpoint-invalid");
        }),
        { numRuns: 200 },
      );
    }));
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
