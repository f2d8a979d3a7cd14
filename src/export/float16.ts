const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Bits of the IEEE 754 half-precision number nearest to `value`, ties to even; beyond 65,504 it is an infinity. */
export function float16Bits(value: number): number {
  float[0] = value;
  const source = bits[0]!;
  const sign = (source >>> 16) & 0x8000;
  const magnitude = source & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14 half-precision numbers are subnormal: multiples of 2^-24.
    const scaled = Math.abs(float[0]) * 2 ** 24;
    const low = Math.floor(scaled);
    const rest = scaled - low;
    return sign | (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Rounds numbers to half precision, as raw bits. */
export function toFloat16(numbers: ArrayLike<number>): Uint16Array {
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < halves.length; i++) halves[i] = float16Bits(numbers[i]!);
  return halves;
}
