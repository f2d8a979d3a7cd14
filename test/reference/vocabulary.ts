import { referenceTokenize } from "./tokenizer.ts";

/** Orders strings by code points; `<` orders them by UTF-16 units, which differs above U+FFFF. */
function byCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The entries of `Vocabulary.build(captions, minimumCount)` of src/text, in their order. */
export function referenceVocabulary(captions: readonly string[], minimumCount: number): string[] {
  const counts = new Map<string, number>();
  for (const word of captions.flatMap(referenceTokenize)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .filter(([, count]) => count >= minimumCount)
    .sort(([a, countA], [b, countB]) => countB - countA || byCodePoints(a, b))
    .map(([word]) => word);
  return ["<pad>", "<start>", "<end>", "<unk>", ...words];
}
