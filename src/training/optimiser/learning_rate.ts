/**
 * Linear warm-up, then half a cosine down to a hundredth of the peak (Loshchilov and Hutter, 2017).
 *
 * @param step Steps taken, from 0.
 * @param total Steps of the entire run.
 * @param peak Largest rate.
 * @param warmup Steps of warm-up.
 */
export function cosineLearningRate(step: number, total: number, peak: number, warmup: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return peak * (0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
