/** The option `--hidden`, for every verb that reads folders. */
export const hiddenFlag = [
  "--hidden",
  "also read hidden and system files and folders, such as .thumbnails, @eaDir and $RECYCLE.BIN",
] as const;
