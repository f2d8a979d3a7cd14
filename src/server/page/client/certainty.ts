/** From these chances on the model counts as sure, and as fairly sure; what is below is a guess. */
const bounds = { sure: 0.8, fairlySure: 0.5 };

/** How sure the model is of its sentence, in words. @param confidence 0 to 1. */
export function certaintyOf(confidence: number): "sure" | "fairly sure" | "a guess" {
  if (confidence >= bounds.sure) return "sure";
  return confidence >= bounds.fairlySure ? "fairly sure" : "a guess";
}

/** A chance as people read it. @param chance 0 to 1. */
export function percent(chance: number): string {
  return `${Math.round(100 * chance)} %`;
}
