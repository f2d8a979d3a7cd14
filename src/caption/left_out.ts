import type { Caption } from "./caption.ts";

/** Explains why the sentence of a caption was left out. */
export function leftOutMessage({
  caption,
  reason,
  confidence = 0,
}: Pick<Caption, "caption" | "reason" | "confidence">): string {
  if (reason === "too-long") {
    const sentence = "No sentence for this picture ends within the characters asked for.";
    return caption === ""
      ? `${sentence} Nothing that is sure fits either.`
      : `${sentence} "${caption}" is sure, and fits.`;
  }
  const sentence = `The sentence for this picture is too unsure: its confidence is ${confidence.toFixed(2)}.`;
  return caption === "" ? `${sentence} No noun is sure either.` : `${sentence} "${caption}" is sure.`;
}
