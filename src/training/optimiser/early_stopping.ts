/**
 * Whether the last epochs brought no improvement: the best score is more than `patience` epochs old.
 *
 * @param scores Dev score of each epoch so far; higher is better.
 * @param patience Epochs without a better score before stopping; 0 or `undefined` never stops.
 */
export function shouldStop(scores: readonly number[], patience: number | undefined): boolean {
  if (patience === undefined || patience === 0 || scores.length === 0) return false;
  let best = 0;
  for (const [epoch, score] of scores.entries()) if (score > scores[best]!) best = epoch;
  return scores.length - 1 - best >= patience;
}
