/** Characters of one byte each. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Whether the given bytes are at a place. */
export function standsAt(bytes: Uint8Array, place: number, part: Uint8Array): boolean {
  return part.every((byte, i) => bytes[place + i] === byte);
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Two bytes, the higher first. */
export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255);
}

/** Four bytes, the highest first. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Four bytes, the lowest first. */
export function uint32Little(value: number): Uint8Array {
  return uint32(value).reverse();
}

/** Text of another program: UTF-8 if it is valid, else one character per byte. */
export function decodeAny(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}

/** A copy of the bytes: `slice()` of Node's `Buffer` would share them. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
