/** Most pixels of a picture unless an option says otherwise: what phones of 108 megapixels write fits. */
export const defaultMaxPixels = 128_000_000;

/** Most that the option may say. Memory has a limit of its own, which holds before. */
export const highestMaxPixels = 1_000_000_000;
