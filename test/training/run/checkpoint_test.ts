import { describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
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

/** A checkpoint as it was written before it had a hash. */
function withoutHash(bytes: Uint8Array): Uint8Array {
  const old = Uint8Array.from(bytes.subarray(0, bytes.length - 32));
  old[7] = "1".charCodeAt(0);
  return old;
}

describe("readCheckpoint()", () => {
  test("gives back what was written, now and before there was a hash", () =>
    withFile(async (path, bytes) => {
      expect(await readCheckpoint(path)).toEqual(checkpoint);
      await writeFile(path, withoutHash(bytes));
      expect(await readCheckpoint(path)).toEqual(checkpoint);
    }));

  test("notices every bit that has changed, and every length", () =>
    withFile(async (path, bytes) => {
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = damaged[at]! ^ (1 << (at % 8));
        await writeFile(path, damaged);
        expect([at, await codeOf(readCheckpoint(path))]).toEqual([at, "checkpoint-invalid"]);
      }
      for (const source of [bytes, withoutHash(bytes)]) {
        for (let end = 0; end < source.length; end++) {
          await writeFile(path, source.subarray(0, end));
          expect([end, await codeOf(readCheckpoint(path))]).toEqual([end, "checkpoint-invalid"]);
        }
        await writeFile(path, Buffer.concat([source, Buffer.of(0, 0, 0, 0)]));
        expect(await codeOf(readCheckpoint(path))).toBe("checkpoint-invalid");
      }
    }));

  test("throws nothing but EdgecapError, whatever its head says", () =>
    withFile(async (path) => {
      const entry = fc.oneof(
        fc.record({ name: fc.string(), length: fc.oneof(fc.integer(), fc.double(), fc.string()) }),
        fc.jsonValue(),
      );
      const heads = fc.oneof(
        fc.json(),
        fc.record({ meta: fc.jsonValue(), arrays: fc.array(entry) }).map((head) => JSON.stringify(head)),
      );
      await fc.assert(
        fc.asyncProperty(heads, fc.constantFrom("EDGECAP1", "EDGECAP2"), async (text, magic) => {
          const head = Buffer.from(text);
          const start = Buffer.alloc(12);
          start.write(magic);
          start.writeUInt32LE(head.length, 8);
          await writeFile(path, Buffer.concat([start, head, Buffer.alloc(64)]));
          expect(["checkpoint-invalid", "no error"]).toContain(await codeOf(readCheckpoint(path)));
        }),
        { numRuns: 200 },
      );
    }));
});
