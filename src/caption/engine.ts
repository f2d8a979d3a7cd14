import type { Caption, CaptionEvent } from "./caption.ts";
import type { ImageSource } from "./image_source.ts";
import type { CaptionOptions } from "./options.ts";

/** Captions pictures, with a bundle's graphs or another library's model. Front ends only depend on this interface. */
export interface CaptionEngine extends AsyncDisposable {
  /** The model's name, for display. */
  readonly name: string;
  /** Captions one picture; see `Captioner.caption`. */
  caption(image: ImageSource, options?: CaptionOptions): Promise<Caption>;
  /** Captions one picture word by word; see `Captioner.stream`. */
  stream(image: ImageSource, options?: CaptionOptions): AsyncGenerator<CaptionEvent, void, undefined>;
}
