/** The median of some samples, and the quartiles around it. */
export interface Quartiles {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * Quartiles, interpolated linearly between two samples (type 7 of Hyndman and Fan, as in NumPy).
 *
 * @param samples In any order. Without samples, all three are NaN.
 */
export function quartiles(samples: readonly number[]): Quartiles {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    return below + (place % 1) * ((sorted[Math.ceil(place)] ?? Number.NaN) - below);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}
