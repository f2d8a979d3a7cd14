import type { Caption, CaptionWord } from "../../../caption/caption.ts";
import { captionStream, type Query } from "./caption_stream.ts";
import { uploadOf } from "./intake/upload.ts";
import type { Photo } from "./photo.ts";
import { Problem } from "./problem.ts";

/** Key of the token in the tab's storage, which lasts until the tab is closed. */
const tokenKey = "token";

/** Asks the server for captions, with the current settings and token. */
export class Captions {
  readonly #query: () => Query;
  /** Bundles whose decoder has no attention refuse to map it. */
  #attends = true;

  constructor(query: () => Query) {
    this.#query = query;
  }

  /** Keeps the token that a person gave. */
  set token(token: string) {
    sessionStorage.setItem(tokenKey, token);
  }

  /**
   * Captions a photo, with the maps of where the model looked if the bundle has them.
   *
   * @param onWord Called with each word as the server decides it.
   * @throws {Problem} Why there is no caption; or an `AbortError` if `signal` was aborted.
   */
  async ask(photo: Photo, signal: AbortSignal, onWord: (word: CaptionWord) => void = () => {}): Promise<Caption> {
    const upload = await uploadOf(photo.file, photo.format);
    signal.throwIfAborted();
    const token = sessionStorage.getItem(tokenKey) ?? "";
    for (;;) {
      const attends = this.#attends;
      const query = { ...this.#query(), ...(attends && { attention: "true" }) };
      try {
        for await (const progress of captionStream(upload, query, token, signal)) {
          signal.throwIfAborted();
          if (progress.type === "caption") return progress.caption;
          onWord(progress.word);
        }
      } catch (error) {
        if (signal.aborted || !attends || !refusesAttention(error)) throw error;
        this.#attends = false;
      }
    }
  }
}

function refusesAttention(error: unknown): boolean {
  return error instanceof Problem && error.code === "option-invalid" && error.message.startsWith("attention");
}
