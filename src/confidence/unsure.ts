/** What is known of a caption that was less sure than asked. */
export interface Unsure {
  /** The plain caption that is given in its place, or nothing. */
  readonly caption: string;
  readonly confidence?: number;
}

/** Says to people that a caption was less sure than they asked for. */
export function unsureMessage({ caption, confidence = 0 }: Unsure): string {
  const sentence = `The sentence for this picture is too unsure: its confidence is ${confidence.toFixed(2)}.`;
  return caption === "" ? `${sentence} No noun is sure either.` : `${sentence} "${caption}" is sure.`;
}
