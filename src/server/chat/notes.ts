/** Remarks on an answer for the header `Edgecap-Note`, because other servers' formats have no field for them. */
export const noteMeanings = {
  "prompt-ignored": "The prompt cannot be followed: the answer is the caption.",
  keywords: "The prompt asks for keywords or tags: the answer lists nouns that the picture shows.",
  "one-word": "The prompt asks for one word: the answer is the likeliest noun.",
  short: "The prompt asks for a short sentence.",
  long: "The prompt asks for a long sentence.",
  "max-characters": "The prompt limits the characters of the sentence.",
  neutral: "The prompt asks for gender-neutral words.",
  "json-schema": "A message contains a JSON schema: the answer is JSON that fits it.",
  "json-example": "The prompt shows an example of JSON or names its keys: the answer has those that are known.",
  "english-only": "The prompt asks for another language: the answer is in English.",
  "no-keywords": "The model recognises nothing, or knows no nouns: the answer is empty.",
  unsure: 'No sentence is as sure as requested: the answer is "a photo of ..." with what is sure, or empty.',
  "too-long": 'No sentence is short enough: the answer is "a photo of ..." with what is sure, or empty.',
  "no-picture": "The message is a greeting without a picture: the answer asks for one.",
  "no-tool-call": "Functions are offered, but no call is demanded: the answer is text.",
  "no-top-logprobs": "Probabilities of words that were not chosen are not available.",
} as const;

/** A code of the header. */
export type Note = keyof typeof noteMeanings;

/** The headers of an answer with these notes. */
export function noteHeaders(notes: readonly Note[]): Record<string, string> {
  return { "content-language": "en", ...(notes.length > 0 && { "edgecap-note": [...new Set(notes)].join(", ") }) };
}
