import { describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assetNames, ortWasmPaths, readAsset } from "#assets";
import * as fallback from "../../src/platform/assets.ts";

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

describe("#assets", () => {
  test("readAsset() gives WebAssembly, the same on every runtime", async () => {
    for (const name of assetNames) {
      const bytes = await readAsset(name);
      expect([...bytes.subarray(0, 4)]).toEqual(MAGIC);
      expect(Buffer.compare(bytes, await fallback.readAsset(name))).toBe(0);
    }
  });

  test("ortWasmPaths() names files that are there", () => {
    for (const paths of [ortWasmPaths(), fallback.ortWasmPaths()]) {
      for (const path of [paths.mjs!, paths.wasm]) {
        expect(existsSync(path.startsWith("file:") ? fileURLToPath(path) : path)).toBe(true);
      }
    }
  });
});
