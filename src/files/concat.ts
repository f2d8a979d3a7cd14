/** Concatenates parts. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer>;
/** Concatenates numbers. */
export function concat(parts: readonly Float32Array[]): Float32Array<ArrayBuffer>;
export function concat(parts: readonly (Uint8Array | Float32Array)[]): Uint8Array | Float32Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = parts[0] instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length);
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}
