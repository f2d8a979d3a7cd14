/** What is known about a caption that was less sure than asked. */
export interface Unsure {
  /** The plain caption that replaces it, or an empty one. */
  readonly caption: string;
  readonly confidence?: number;
}

/** Explains that a caption was less sure than asked. */
export function unsureMessage({ caption, confidence = 0 }: Unsure): string {
  const sentence = `The sentence for this picture is too unsure: its confidence is ${confidence.toFixed(2)}.`;
  return caption === "" ? `${sentence} No noun is sure either.` : `${sentence} "${caption}" is sure.`;
}
