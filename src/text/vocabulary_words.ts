/** The words of a vocabulary file, by id. Needs no text module. */
export function vocabularyWords(file: Uint8Array): string[] {
  return new TextDecoder().decode(file).trimEnd().split("\n");
}
