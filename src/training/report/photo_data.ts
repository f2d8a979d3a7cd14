import { readFile } from "node:fs/promises";

/** A photo's file as a `data:` address, so that a document contains it. */
export async function photoData(path: string): Promise<string> {
  const bytes = await readFile(path);
  return `data:${mediaType(bytes)};base64,${bytes.toString("base64")}`;
}

function mediaType(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0x89 && second === 0x50) return "image/png";
  if (first === 0x47 && second === 0x49) return "image/gif";
  if (first === 0x52 && second === 0x49) return "image/webp";
  if (first === 0x42 && second === 0x4d) return "image/bmp";
  return "image/jpeg";
}

/** Text escaped for HTML and SVG. */
export function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => names[character]!);
}
