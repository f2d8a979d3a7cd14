/** What the server reads. */
const readable: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]);

/** Bytes above which a photo is made smaller before it is sent, and then pixels of its longer side. */
const mostBytes = 8 * 2 ** 20;
const longestSide = 2048;

/**
 * What to send for a photo: the file itself, or, where the server could not read its format or it is very large, the
 * picture that the browser made of it.
 *
 * @param image The photo as the browser shows it, upright; without width where the browser cannot.
 */
export async function uploadOf(file: Blob, image: HTMLImageElement): Promise<Blob> {
  const { naturalWidth, naturalHeight } = image;
  if (naturalWidth === 0 || (readable.has(file.type) && file.size <= mostBytes)) return file;
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
