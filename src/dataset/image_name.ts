/** Whether a value looks like the file name of a picture, as opposed to a caption. */
export function looksLikeImage(value: string): boolean {
  return /^\S(?:.*\S)?\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif|heic)(?:\.\d+)?$/i.test(value.trim());
}
