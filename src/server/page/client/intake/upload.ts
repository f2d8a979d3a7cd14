import { Problem } from "../problem.ts";
import { serverReads } from "./format.ts";

/**
 * A photo of more bytes than this is made smaller before it is sent; the second number is its longer side in pixels
 * then.
 */
const mostBytes = 8 * 2 ** 20;
const longestSide = 2048;

/**
 * The bytes to send for a photo: the file itself, or, if the server could not read its format or it is very large, the
 * picture that the browser makes of it, upright, as JPEG.
 *
 * @throws {Problem} `format-unreadable` if neither the server nor this browser reads the format.
 */
export async function uploadOf(file: Blob, format: string): Promise<Blob> {
  if (serverReads(format) && file.size <= mostBytes) return file;
  // An image element reads more than createImageBitmap does: SVG, for one.
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    if (image.naturalWidth > 0) return await redrawn(image);
  } catch {
    // If the browser cannot read it, it is refused below, or by the server, which knows what is wrong.
  } finally {
    URL.revokeObjectURL(image.src);
  }
  if (serverReads(format)) return file;
  throw new Problem("format-unreadable", format);
}

async function redrawn(image: HTMLImageElement): Promise<Blob> {
  const { naturalWidth, naturalHeight } = image;
  const scale = Math.min(longestSide / Math.max(naturalWidth, naturalHeight), 1);
  const width = Math.max(Math.round(naturalWidth * scale), 1);
  const height = Math.max(Math.round(naturalHeight * scale), 1);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
}
