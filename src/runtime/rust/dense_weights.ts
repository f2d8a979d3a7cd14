import type { DenseWeights } from "./decoder_plan.ts";

/** The numbers that weights stand for, scales left out. */
export function widened({ kind, bytes }: Pick<DenseWeights, "kind" | "bytes">): Float32Array {
  // Numbers of several bytes may lie anywhere in the file.
  const { buffer } = new Uint8Array(bytes);
  if (kind === "floats") return new Float32Array(buffer);
  if (kind === "bytes") return Float32Array.from(new Int8Array(buffer));
  return Float32Array.from(new Uint16Array(buffer), widenedHalf);
}

function widenedHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, mantissa] = [(half >> 10) & 31, half & 1023];
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}
