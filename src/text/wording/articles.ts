/**
 * Words that begin with the letter of a vowel but the sound of a consonant: "a uniform", "a one way street", "a
 * European city".
 */
const consonantSound = /^(?:uni(?!n|m|dent)|uri|us[aeiu]|ut[aei]|u[-.]|uk|ufo|eu|ewe|one(?![a-z])|once|ouija)/;
/** Words that begin with the letter of a consonant but the sound of a vowel. */
const vowelSound = /^(?:hour|honest|honou?r|heir|herb(?!ert))/;
/** Single letters, and words that are spelled letter by letter, whose first letter's name begins with a vowel. */
const spelled = /^(?:[aefhilmnorsx](?:[-.].*)?|suv|atv|rv|nfl|nba|mlb|mri|mp3|sms|fbi|lcd|led|hp|hd|hdr|hdtv|xbox)s?$/;
/** Numbers whose names begin with a vowel. */
const numbers = /^(?:8\d*|11|18)(?:\D|$)/;

/** "a" or "an", by the sound of the word that follows. */
export function articleBefore(next: string): "a" | "an" {
  const word = next.toLowerCase();
  if (/^\d/.test(word)) return numbers.test(word) ? "an" : "a";
  if (vowelSound.test(word) || spelled.test(word)) return "an";
  return /^[aeiouàáâãäåæèéêëìíîïòóôõöøùúûü]/.test(word) && !consonantSound.test(word) ? "an" : "a";
}
