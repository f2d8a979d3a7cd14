/** Formats that the server reads. */
const readable: ReadonlySet<string> = new Set(["JPEG", "PNG", "WebP", "GIF", "BMP"]);

/** Bytes of a file's start that {@linkcode formatOf} looks at. */
export const headLength = 32;

/** Signatures: the offset in the file, the bytes as text of one byte per character, and the format. */
const signatures: readonly (readonly [offset: number, text: string, format: string])[] = [
  [0, "\xff\xd8\xff", "JPEG"],
  [0, "\x89PNG\r\n\x1a\n", "PNG"],
  [0, "GIF8", "GIF"],
  [8, "WEBP", "WebP"],
  [0, "BM", "BMP"],
  [4, "ftypavif", "AVIF"],
  [4, "ftypavis", "AVIF"],
  [4, "ftypcrx ", "RAW"],
  [4, "ftyphei", "HEIC"],
  [4, "ftyphev", "HEIC"],
  [4, "ftypmif1", "HEIC"],
  [4, "ftypmsf1", "HEIC"],
  [0, "II*\0", "TIFF"],
  [0, "MM\0*", "TIFF"],
  [0, "\xff\x0a", "JPEG XL"],
  [0, "\0\0\0\x0cJXL ", "JPEG XL"],
  [0, "8BPS", "PSD"],
  [0, "FUJIFILMCCD-RAW", "RAW"],
];

/** Formats whose signature is so short that a text could begin with it: the file name must match too. */
const short: ReadonlySet<string> = new Set(["BMP"]);

/** Formats by the end of a file's name. */
const endings: Readonly<Record<string, string>> = {
  ...{ jpg: "JPEG", jpeg: "JPEG", jfif: "JPEG", png: "PNG", gif: "GIF", webp: "WebP", bmp: "BMP" },
  ...{ heic: "HEIC", heif: "HEIC", avif: "AVIF", tif: "TIFF", tiff: "TIFF", jxl: "JPEG XL", psd: "PSD", svg: "SVG" },
  ...{ cr2: "RAW", cr3: "RAW", nef: "RAW", arw: "RAW", dng: "RAW", orf: "RAW", rw2: "RAW", raf: "RAW" },
};

/**
 * The format of a picture, for instance "JPEG" or "HEIC": by the beginning of the file, otherwise by its name or its
 * type.
 *
 * @param head The first {@linkcode headLength} bytes.
 * @param type The media type that the browser gives it; can be empty.
 * @returns `undefined` if it is not a picture.
 */
export function formatOf(head: Uint8Array, name: string, type: string): string | undefined {
  const image = type.startsWith("image/");
  const ending = /\.([a-z0-9]+)$/.exec(name.toLowerCase())?.[1] ?? "";
  const named = Object.hasOwn(endings, ending) ? endings[ending] : undefined;
  const start = Array.from(head.subarray(0, headLength), (byte) => String.fromCharCode(byte)).join("");
  const matches = ([offset, text]: (typeof signatures)[number]) => start.startsWith(text, offset);
  const found = signatures.find((one) => matches(one) && (!short.has(one[2]) || named === one[2] || image))?.[2];
  // Most raw files of cameras are TIFF inside, and are known by their names alone.
  if (found !== undefined) return found === "TIFF" && named === "RAW" ? named : found;
  if (named !== undefined) return named;
  const subtype = /^image\/(?:x-)?([a-z0-9.-]+)/.exec(type.toLowerCase())?.[1];
  return subtype === undefined ? undefined : (endings[subtype] ?? subtype.toUpperCase());
}

/** Whether the server reads a format. */
export function serverReads(format: string): boolean {
  return readable.has(format);
}
