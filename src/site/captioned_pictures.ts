import { createHash } from "node:crypto";
import { readImageFile } from "../batch/input_images.ts";
import type { Caption } from "../caption/caption.ts";
import { leftOutMessage } from "../caption/left_out_message.ts";
import { EdgecapError, faultOf, throwIfAborted } from "../errors.ts";
import { altText } from "../metadata/alt_text.ts";

/** The used part of a caption. */
export type SiteCaption = Pick<Caption, "caption" | "confidence" | "reason">;

/** Captions the bytes of a picture. */
export type CaptionPicture = (image: Uint8Array, signal: AbortSignal) => Promise<SiteCaption>;

/** The alternative text of a picture, or why it has none. */
export type PictureAlt =
  | { readonly outcome: "filled"; readonly alt: string; readonly confidence?: number }
  | { readonly outcome: "unsure"; readonly why: string; readonly confidence?: number }
  | { readonly outcome: "failed"; readonly why: string };

/** Captions pictures, each once: the same file, and the same bytes in another one. */
export class CaptionedPictures {
  readonly #caption: CaptionPicture;
  readonly #byPath = new Map<string, PictureAlt>();
  readonly #byHash = new Map<string, PictureAlt>();

  /** @param caption Captions a picture that was not seen before. */
  constructor(caption: CaptionPicture) {
    this.#caption = caption;
  }

  /**
   * The alternative text of a file.
   *
   * @param path As `realpath` gives it.
   * @throws {EdgecapError} `aborted`, `bundle-*` and others that are not the picture's fault.
   */
  async of(path: string, signal: AbortSignal): Promise<PictureAlt> {
    throwIfAborted(signal);
    const known = this.#byPath.get(path) ?? (await this.#read(path, signal));
    this.#byPath.set(path, known);
    return known;
  }

  async #read(path: string, signal: AbortSignal): Promise<PictureAlt> {
    try {
      const image = await readImageFile(path);
      const hash = createHash("sha256").update(image).digest("base64");
      const known = this.#byHash.get(hash) ?? alt(await this.#caption(image, signal));
      this.#byHash.set(hash, known);
      return known;
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof EdgecapError) || faultOf(error.code) !== "picture") throw error;
      return { outcome: "failed", why: error.message };
    }
  }
}

function alt({ caption, confidence, reason }: SiteCaption): PictureAlt {
  const sure = confidence === undefined ? {} : { confidence };
  // The plain caption that replaces it only names what is sure, which is not enough to describe a picture of a page.
  if (reason !== undefined)
    return { outcome: "unsure", why: leftOutMessage({ caption: "", reason, ...sure }), ...sure };
  if (caption === "") return { outcome: "failed", why: "The model has no words for it." };
  return { outcome: "filled", alt: altText(caption), ...sure };
}
