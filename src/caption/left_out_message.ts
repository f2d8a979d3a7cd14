import type { Caption } from "./caption.ts";

/** Explains why the sentence of a caption was left out. */
export function leftOutMessage({
  caption,
  reason,
  confidence = 0,
}: Pick<Caption, "caption" | "reason" | "confidence">): string {
  if (reason === "too-long") {
    const sentence = "No sentence for this picture is short enough.";
    return caption === ""
      ? `${sentence} Nothing else that is sure enough fits either.`
      : `${sentence} "${caption}" is sure enough, and fits.`;
  }
  const sentence = `The sentence for this picture is not sure enough: its confidence is ${confidence.toFixed(2)}.`;
  return caption === "" ? `${sentence} No noun is sure enough either.` : `${sentence} "${caption}" is sure enough.`;
}
