/** Endings that English attaches to the previous word, as the tokenizer splits them off. */
const attached: ReadonlySet<string> = new Set(["n't", "'s", "'re", "'ve", "'ll", "'d", "'m", "'"]);

/**
 * Joins words into readable text, with spaces and with contractions closed again.
 *
 * @example
 * ```ts
 * import { sentence } from "edgecap";
 *
 * sentence(["the", "man", "'s", "dog"]); // "the man's dog"
 * ```
 */
export function sentence(words: readonly string[]): string {
  let text = "";
  for (const word of words) text += text === "" || attached.has(word) ? word : ` ${word}`;
  return text;
}
