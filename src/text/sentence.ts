/** Endings that English writes onto the word before them, as the tokenizer splits them off. */
const attached: ReadonlySet<string> = new Set(["n't", "'s", "'re", "'ve", "'ll", "'d", "'m", "'"]);

/**
 * Words put together as one reads them: spaces between them, split contractions closed again.
 *
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
