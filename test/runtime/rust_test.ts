/** The backend `rust`. */
import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { GraphBuilder } from "../../src/export/mod.ts";
import { openBackend } from "../../src/runtime/backends.ts";
import { GraphSession } from "../../src/runtime/graph_session.ts";
import { codeOf } from "../code_of.ts";
import { tinyBundle } from "../fixtures/tiny_bundle.ts";
import { randomEncoder } from "./rust/random_encoder.ts";

const shape = { seed: 3, size: 9, channels: 3, layers: [], sum: true };
const encoder = randomEncoder(shape);
const pictures = (count: number) => ({
  pixels: { data: Float32Array.from({ length: count * 243 }, (_, i) => (i * 37) % 256), shape: [count, 9, 9, 3] },
});
const open = (bytes: Uint8Array) => GraphSession.create("encoder", bytes, { backend: "rust" });

describe("the backend rust", () => {
  test("has the ports of wasm, and its features for several pictures at once", async () => {
    await using rust = await open(encoder);
    await using wasm = await GraphSession.create("encoder", encoder, { backend: "wasm" });
    expect([rust.inputs, rust.outputs]).toEqual([wasm.inputs, wasm.outputs]);
    for (const count of [1, 3]) {
      const [found, expected] = [await rust.run(pictures(count)), await wasm.run(pictures(count))];
      expect(found).toEqual(expected);
    }
    expect((await rust.run(pictures(0)))["grid"]).toEqual({ data: new Float32Array(0), shape: [0, 81, 16] });
  });

  test("names its kernel", async () => {
    const { engine } = await openBackend("rust");
    expect(engine).toMatch(/^edgecap-engine \d+\.\d+\.\d+, kernel (dot16|direct)$/);
    const crate = await readFile(new URL("../../crates/engine/Cargo.toml", import.meta.url), "utf8");
    expect(crate).toContain(`version = "${/[\d.]+/.exec(engine)![0]}"`);
  });

  test("refuses inputs of another shape, and to run after its end", async () => {
    const session = await open(encoder);
    const { data } = pictures(1).pixels;
    const wrong = [
      {},
      { pixels: { data, shape: [1, 9, 3, 9] } },
      { pixels: { data, shape: [2, 9, 9, 3] } },
      { pixels: { data: Int32Array.from(data), shape: [1, 9, 9, 3] } },
    ];
    for (const inputs of wrong) expect(await codeOf(session.run(inputs))).toBe("graph-failed");
    await expect(session.run({ pixels: { data, shape: [1, 9, 3, 9] } })).rejects.toThrow("[batch, 9, 9, 3]");
    await session[Symbol.asyncDispose]();
    expect(await codeOf(session.run(pictures(1)))).toBe("graph-failed");
  });

  test("refuses graphs of another form, naming the operation and what to do", async () => {
    const other = new GraphBuilder("other");
    const pixels = other.input("pixels", "float32", ["batch", 9, 9, 3]);
    other.output("grid", other.node("Sigmoid", [pixels]), "float32", ["batch", 9, 9, 3]);
    const refusals = [
      [tinyBundle().files.encoder, "AveragePool"],
      [other.toBytes(), "Sigmoid"],
    ] as const;
    for (const [bytes, why] of refusals) {
      expect(await codeOf(open(bytes))).toBe("backend-unavailable");
      await expect(open(bytes)).rejects.toThrow(why);
      await expect(open(bytes)).rejects.toThrow('use the backend "wasm"');
    }
    expect(await codeOf(open(new Uint8Array(10)))).toBe("graph-failed");
  });
});
