import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EdgecapError } from "../../src/errors.ts";
import { readSafetensors, type Tensor, writeSafetensors } from "../../src/files/safetensors.ts";

const invalid = (why: string) => new EdgecapError("data-invalid", why);

/** A file as the format's description says: length of the head, head, numbers. */
function file(head: unknown, numbers: readonly number[]): Uint8Array {
  const text = new TextEncoder().encode(typeof head === "string" ? head : JSON.stringify(head));
  const bytes = new Uint8Array(8 + text.length + numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(numbers, 8 + text.length);
  return bytes;
}

const tensor: fc.Arbitrary<Tensor> = fc.oneof(
  fc.float32Array({ maxLength: 9, noNaN: true }).map((data) => ({ kind: "F32" as const, shape: [data.length], data })),
  fc.int8Array({ maxLength: 9 }).map((data) => ({ kind: "I8" as const, shape: [1, data.length], data })),
  fc.uint8Array({ maxLength: 9 }).map((data) => ({ kind: "U8" as const, shape: [data.length, 1], data })),
  fc.uint16Array({ maxLength: 9 }).map((data) => ({ kind: "U16" as const, shape: [data.length], data })),
  fc.uint32Array({ maxLength: 9 }).map((data) => ({ kind: "U32" as const, shape: [data.length], data })),
);

describe("safetensors", () => {
  test("reads a file that was written by hand", () => {
    const head = {
      __metadata__: { format: "pt" },
      a: { dtype: "U16", shape: [2], data_offsets: [0, 4] },
      b: { dtype: "I8", shape: [1, 2], data_offsets: [4, 6] },
    };
    const { tensors, metadata } = readSafetensors(file(head, [1, 0, 0, 1, 255, 2]), invalid);
    expect(tensors.get("a")).toEqual({ kind: "U16", shape: [2], data: Uint16Array.of(1, 256) });
    expect(tensors.get("b")).toEqual({ kind: "I8", shape: [1, 2], data: Int8Array.of(-1, 2) });
    expect(metadata).toEqual({ format: "pt" });
  });

  test("reads what it wrote, wherever the bytes lie", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tensor), fc.nat(7), (tensors, offset) => {
        const written = writeSafetensors(tensors, { made: "here" });
        const moved = new Uint8Array(written.length + offset);
        moved.set(written, offset);
        const read = readSafetensors(Buffer.from(moved.buffer, offset), invalid);
        expect(Object.fromEntries(read.tensors)).toEqual({ ...tensors });
        expect(read.metadata).toEqual({ made: "here" });
      }),
    );
  });

  test("refuses what is not such a file, and says why", () => {
    const entry = { dtype: "U8", shape: [2], data_offsets: [0, 2] };
    const cases: [Uint8Array, string][] = [
      [Uint8Array.of(1, 2, 3), "it has 3 bytes"],
      [new Uint8Array(8).fill(255), "its head would be"],
      [file("{", []), "its head is not JSON"],
      [file("null", []), "its head is not an object"],
      [file({ a: entry }, [1]), '"a" of the shape [2] does not fit in the bytes 0 to 2'],
      [file({ a: { ...entry, shape: [3] } }, [1, 2, 3]), '"a" of the shape [3] does not fit'],
      [file({ a: { ...entry, dtype: "BF16" } }, [1, 2]), 'its head describes "a" as'],
      [file({ a: { ...entry, shape: [-2, -1] } }, [1, 2]), 'its head describes "a" as'],
      [file({ a: { ...entry, data_offsets: [0] } }, [1, 2]), 'its head describes "a" as'],
      [file({ a: entry, b: entry }, [1, 2]), '"b" shares bytes with other tensors'],
      [file({ __metadata__: null, a: entry }, [1, 2]), "its metadata is not an object of texts"],
      [file({ __metadata__: { made: 1 }, a: entry }, [1, 2]), "its metadata is not an object of texts"],
    ];
    for (const [bytes, why] of cases) {
      expect(() => readSafetensors(bytes, invalid)).toThrow(why);
    }
  });

  test("refuses any damage with an error of its own", () => {
    const whole = writeSafetensors({ a: { kind: "U16", shape: [3], data: Uint16Array.of(1, 2, 3) } });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (place, value, cut) => {
        const damaged = cut ? whole.slice(0, place) : whole.with(place, value);
        try {
          readSafetensors(damaged, invalid);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgecapError);
        }
      }),
    );
  });
});
