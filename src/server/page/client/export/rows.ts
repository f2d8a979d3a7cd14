import type { Photo, State } from "../photo.ts";

/** The facts about a photo that the downloads contain. */
export interface Row {
  /** Path in the folder that it came with, or its name. */
  readonly image: string;
  /** The sentence to use: the person's, or else the model's; empty if there is none. */
  readonly caption: string;
  /** Whether a person wrote it. */
  readonly edited: boolean;
  /** The model's sentence, if a person wrote another. */
  readonly modelCaption?: string;
  readonly state: State;
  /** The chance that the model's sentence is right, 0 to 1, if the model can tell. */
  readonly confidence?: number;
  /** Nouns for what the photo shows, the likeliest first. */
  readonly concepts: readonly string[];
  /** Why there is no caption. */
  readonly error?: string;
}

/** The rows of photos. @param whyNot Says why a photo has no caption. */
export function rowsOf(photos: Iterable<Photo>, whyNot: (photo: Photo) => string): Row[] {
  return Array.from(photos, (photo) => {
    const { path, text, edited, caption, state } = photo;
    return {
      image: path,
      caption: text,
      edited: edited !== undefined,
      ...(edited !== undefined && caption !== undefined && { modelCaption: caption.caption }),
      state,
      ...(caption?.confidence !== undefined && { confidence: Number(caption.confidence.toFixed(3)) }),
      concepts: caption?.concepts.map(({ name }) => name) ?? [],
      ...(state === "failed" && { error: whyNot(photo) }),
    };
  });
}

/** The rows as JSON, for programs. */
export function jsonOf(rows: readonly Row[]): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}
