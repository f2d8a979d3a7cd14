/**
 * Decodes base64 or base64url, with or without spaces and padding.
 *
 * @param start Its beginning in the text.
 * @param take Called with the number of bytes before they are allocated.
 * @returns `undefined` if the text is not base64.
 */
export function decodeBase64(text: string, start: number, take: (bytes: number) => void): Uint8Array | undefined {
  let digits = 0;
  let padding = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isBlank(code)) continue;
    if (code === equals) padding++;
    else if (padding > 0 || !isDigit(code)) return undefined;
    else digits++;
  }
  if (digits % 4 === 1 || padding > 2) return undefined;
  take(Math.floor((digits * 3) / 4));
  // A copy, because small buffers are views of a shared pool, all of which would be transferred to a thread.
  return new Uint8Array(Buffer.from(start === 0 ? text : text.slice(start), "base64"));
}

const equals = 0x3d;

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Letters, digits, `+`, `/`, `-` and `_`. */
function isDigit(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2b ||
    code === 0x2f ||
    code === 0x2d ||
    code === 0x5f
  );
}
