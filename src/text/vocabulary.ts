import type { Vocabulary as WasmVocabulary } from "../../crates/text/pkg/edgecap_text.js";
import { EdgecapError } from "../errors.ts";
import { loadedTextModule } from "./text_crate.ts";

/**
 * Words and their ids: 0 `<pad>`, 1 `<start>`, 2 `<end>`, 3 `<unk>`, then words by descending count, ties in code point
 * order. Needs `await textModule()` once. Its memory is freed by `using` or by garbage collection.
 */
export class Vocabulary implements Disposable {
  readonly #inner: WasmVocabulary;
  /** Number of entries, including the four special ones. */
  readonly size: number;
  #freed = false;

  private constructor(inner: WasmVocabulary) {
    this.#inner = inner;
    this.size = inner.size;
  }

  /**
   * The words that occur in `captions`, as `tokenize` splits them.
   *
   * @param minimumCount Rarer words are left out; a whole number from 1 to 4294967295.
   * @throws {EdgecapError} `option-invalid`.
   */
  static build(captions: readonly string[], minimumCount: number): Vocabulary {
    if (!Number.isInteger(minimumCount) || minimumCount < 1 || minimumCount > 0xffffffff) {
      throw new EdgecapError(
        "option-invalid",
        `minimumCount is ${minimumCount}: give a whole number from 1 to 4294967295.`,
      );
    }
    return new Vocabulary(loadedTextModule().Vocabulary.build([...captions], minimumCount));
  }

  /**
   * Reads a vocabulary file: one entry per line; the number of the line, from 0, is the id.
   *
   * @throws {EdgecapError} `data-invalid`, naming the line that is empty, doubled, or not the special entry it must be.
   */
  static parse(text: string): Vocabulary {
    return new Vocabulary(attempt(() => loadedTextModule().Vocabulary.parse(text)));
  }

  /** The text that {@linkcode Vocabulary.parse} reads. */
  serialise(): string {
    return this.#inner.serialise();
  }

  /** The ids of words; 3 for unknown words. */
  encode(words: readonly string[]): Uint32Array<ArrayBuffer> {
    return this.#inner.encode([...words]) as Uint32Array<ArrayBuffer>;
  }

  /**
   * The words of ids.
   *
   * @throws {EdgecapError} `data-invalid`, naming the id that no word has.
   */
  decode(ids: Uint32Array): string[] {
    return attempt(() => this.#inner.decode(ids));
  }

  /** The word of an id; `undefined` for an unknown id. */
  word(id: number): string | undefined {
    return Number.isInteger(id) && id >= 0 && id < this.size ? this.#inner.word(id) : undefined;
  }

  [Symbol.dispose](): void {
    if (!this.#freed) this.#inner.free();
    this.#freed = true;
  }
}

/** Runs `work`, and reports errors thrown in Rust as faults of the data. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new EdgecapError("data-invalid", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
