/** First bytes of picture formats: the supported ones, and HEIC, AVIF and TIFF, which are refused with their name. */
const signatures: readonly (readonly [place: number, text: string])[] = [
  [0, "\xff\xd8\xff"],
  [0, "\x89PNG"],
  [0, "GIF8"],
  [8, "WEBP"],
  [0, "BM"],
  [4, "ftyp"],
  [0, "II*\0"],
  [0, "MM\0*"],
];

/** Whether bytes begin like a picture, whatever their declared type. */
export function looksLikePicture(bytes: Uint8Array): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return signatures.some(([place, text]) => start.startsWith(text, place));
}
