import type { Caption } from "../../../caption/caption.ts";
import { certaintyOf } from "./certainty.ts";
import { identity, type Picture } from "./intake/gather.ts";
import type { Problem } from "./problem.ts";

/** State of a photo; `unsure` is also finished, with a sentence that a person should check. */
export type State = "waiting" | "working" | "done" | "unsure" | "failed";

/** A photo of the page, with what is known about it. */
export class Photo {
  readonly file: File;
  /** Its path in the folder that it came with, or its name. */
  readonly path: string;
  readonly format: string;
  readonly identity: string;
  /** The model's caption. */
  caption: Caption | undefined;
  /** Why there is none. */
  problem: Problem | undefined;
  /** The text that a person wrote instead. */
  edited: string | undefined;
  working = false;
  #address: string | undefined;

  constructor(picture: Picture) {
    this.file = picture.file;
    this.path = picture.path;
    this.format = picture.format;
    this.identity = identity(picture);
  }

  get name(): string {
    return this.path.slice(this.path.lastIndexOf("/") + 1);
  }

  get state(): State {
    if (this.working) return "working";
    // A person can describe what the model could not.
    if (this.problem !== undefined) return this.edited === undefined ? "failed" : "done";
    if (this.caption === undefined) return "waiting";
    const { confidence, reason } = this.caption;
    const unsure = reason === "unsure" || (confidence !== undefined && certaintyOf(confidence) === "guess");
    return unsure && this.edited === undefined ? "unsure" : "done";
  }

  /** The sentence to use: the person's, or else the model's; empty if there is none. */
  get text(): string {
    return this.edited ?? this.caption?.caption ?? "";
  }

  /** Address under which the browser shows it. */
  get address(): string {
    this.#address ??= URL.createObjectURL(this.file);
    return this.#address;
  }

  /** Frees the memory behind {@linkcode address}. */
  forget(): void {
    if (this.#address !== undefined) URL.revokeObjectURL(this.#address);
    this.#address = undefined;
  }
}
