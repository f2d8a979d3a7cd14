/** The interval that an 8-bit value has to cover; it always includes 0. */
export interface ValueRange {
  /** Lower end, 0 or below. */
  readonly low: number;
  /** Upper end, 0 or above. */
  readonly high: number;
}

/** Scale and zero point of an 8-bit value: number = (stored - zeroPoint) x scale. */
export interface Affine {
  /** Distance between neighbouring numbers, above 0. */
  readonly scale: number;
  /** The stored value that represents 0: 0 to 255. */
  readonly zeroPoint: number;
}

/** Counts of a value's elements in equal bins between its lowest and highest. */
export interface Histogram {
  /** From the lower end of the first bin to the upper end of the last. */
  readonly range: ValueRange;
  /** Elements in each bin. */
  readonly counts: Float64Array;
}

/** Scale and zero point with which 0 to 255 cover a range and represent 0 exactly. */
export function affineOf({ low, high }: ValueRange): Affine {
  // A value that is always 0 still needs a scale.
  const scale = Math.fround((high - low) / 255) || 1;
  return { scale, zeroPoint: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}

/** How calibration turns a histogram into a range. */
export type RangeMethod =
  | { readonly kind: "minmax" }
  /** The share of elements inside, 0 to 1; the rest is cut off equally at both ends. */
  | { readonly kind: "percentile"; readonly share: number }
  /** The range with the smallest mean squared error of storing and reading back. */
  | { readonly kind: "error" };

/** The range that a method picks for a histogram. */
export function pickRange(histogram: Histogram, method: RangeMethod): ValueRange {
  switch (method.kind) {
    case "minmax":
      return histogram.range;
    case "percentile":
      return percentileRange(histogram, method.share);
    case "error":
      return smallestError(histogram);
  }
}

function centres({ range: { low, high }, counts }: Histogram): Float64Array {
  const width = (high - low) / counts.length;
  return counts.map((_, bin) => low + (bin + 0.5) * width);
}

function percentileRange(histogram: Histogram, share: number): ValueRange {
  const { counts, range } = histogram;
  const cut = (counts.reduce((sum, count) => sum + count, 0) * (1 - share)) / 2;
  const width = (range.high - range.low) / counts.length;
  let first = 0;
  let last = counts.length - 1;
  for (let seen = counts[first]!; seen <= cut && first < last; seen += counts[first]!) first++;
  for (let seen = counts[last]!; seen <= cut && last > first; seen += counts[last]!) last--;
  return { low: Math.min(0, range.low + first * width), high: Math.max(0, range.low + (last + 1) * width) };
}

function squaredError(values: Float64Array, counts: Float64Array, range: ValueRange): number {
  const { scale, zeroPoint } = affineOf(range);
  let error = 0;
  for (let bin = 0; bin < values.length; bin++) {
    const count = counts[bin]!;
    if (count === 0) continue;
    const stored = Math.min(255, Math.max(0, Math.round(values[bin]! / scale) + zeroPoint));
    error += count * (values[bin]! - (stored - zeroPoint) * scale) ** 2;
  }
  return error;
}

const steps = 64;

/** Tries both ends in turn: each shrinks in 64ths of its full length, down to a quarter. */
function smallestError(histogram: Histogram): ValueRange {
  const values = centres(histogram);
  const { counts, range } = histogram;
  let best = range;
  let error = squaredError(values, counts, best);
  for (const end of ["high", "low", "high"] as const) {
    if (range[end] === 0) continue;
    for (let step = steps / 4; step <= steps; step++) {
      const tried = { ...best, [end]: (range[end] * step) / steps };
      const found = squaredError(values, counts, tried);
      if (found < error) {
        best = tried;
        error = found;
      }
    }
  }
  return best;
}
