import type { TextName } from "./language/speech.ts";

/** From these chances the model counts as sure, and as fairly sure; below, it is a guess. */
const bounds = { sure: 0.8, fairlySure: 0.5 };

/** How sure the model is of its sentence: the name of the message that says it. */
export type Certainty = Extract<TextName, "sure" | "fairlySure" | "guess">;

/** How sure the model is of its sentence. @param confidence 0 to 1. */
export function certaintyOf(confidence: number): Certainty {
  if (confidence >= bounds.sure) return "sure";
  return confidence >= bounds.fairlySure ? "fairlySure" : "guess";
}
