import { loadedTextModule } from "./text_crate.ts";

/**
 * English word tokens by the rules of spaCy, in lower case, without punctuation and white space.
 *
 * Accepts any string, in time linear in its length; a lone surrogate counts as U+FFFD. Needs `await textModule()` once.
 *
 * ```ts
 * import { tokenize } from "./tokenizer.ts";
 * import { textModule } from "./text_module.ts";
 *
 * await textModule();
 * tokenize("A man's dog doesn't bark."); // ["a", "man", "'s", "dog", "does", "n't", "bark"]
 * ```
 */
export function tokenize(text: string): string[] {
  return loadedTextModule().tokenize(text);
}

/**
 * The tokens of every line of `text`, separated by spaces, one line for each line. One call for many lines
 * is several times faster than {@linkcode tokenize} for each line. Lines end at `\n` only.
 */
export function tokenizeLines(text: string): string {
  return loadedTextModule().tokenizeLines(text);
}
