/** Id of the words that a vocabulary lacks. */
export const unknownId = 3;
/** Ids from here on are words; lower ones stand for padding, start, end and unknown words. */
export const firstWord = 4;

/** The words of a vocabulary file, by id. Needs no text module. */
export function vocabularyWords(file: Uint8Array): string[] {
  return new TextDecoder().decode(file).trimEnd().split("\n");
}
