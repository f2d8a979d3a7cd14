/** Default limit for the pixels of a picture; pictures from phones with 108 megapixels fit. */
export const defaultMaxPixels = 128_000_000;

/** Largest value of the option. The limit on memory applies first. */
export const highestMaxPixels = 1_000_000_000;
