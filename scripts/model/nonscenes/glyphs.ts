/** Rows of each character, from the top, of 5 pixels each as bits; 7 rows. */
const rows: Readonly<Record<string, string>> = {
  A: "0e11111f111111",
  B: "1e11111e11111e",
  C: "0e11101010110e",
  D: "1e11111111111e",
  E: "1f10101e10101f",
  F: "1f10101e101010",
  G: "0e11101711110f",
  H: "1111111f111111",
  I: "0e04040404040e",
  J: "0702020202120c",
  K: "11121418141211",
  L: "1010101010101f",
  M: "111b1515111111",
  N: "11191513111111",
  O: "0e11111111110e",
  P: "1e11111e101010",
  Q: "0e11111115120d",
  R: "1e11111e141211",
  S: "0f10100e01011e",
  T: "1f040404040404",
  U: "1111111111110e",
  V: "11111111110a04",
  W: "1111111515150a",
  X: "11110a040a1111",
  Y: "11110a04040404",
  Z: "1f01020408101f",
  "0": "0e11131519110e",
  "1": "040c040404040e",
  "2": "0e11010204081f",
  "3": "1f02040201110e",
  "4": "02060a121f0202",
  "5": "1f101e0101110e",
  "6": "0608101e11110e",
  "7": "1f010204080808",
  "8": "0e11110e11110e",
  "9": "0e11110f01020c",
  ".": "0000000000000c",
  "%": "18190204081303",
};

/** Whether each pixel of a character is ink, 7 rows of 5; blank for unknown characters. */
export function glyph(character: string): readonly (readonly boolean[])[] {
  const hex = rows[character] ?? "00000000000000";
  return Array.from({ length: 7 }, (_, y) => {
    const bits = Number.parseInt(hex.slice(2 * y, 2 * y + 2), 16);
    return Array.from({ length: 5 }, (_, x) => (bits & (16 >> x)) !== 0);
  });
}

const syllables = "LO REM IP SUM DO SIT A MET CON SEC TE TUR EL IT SED EI US MOD TEM POR IN CI DUNT UT".split(" ");

/** A word that means nothing. @param next Numbers from 0 up to 1. */
export function nonsense(next: () => number): string {
  const length = 1 + Math.floor(next() * 4);
  return Array.from({ length }, () => syllables[Math.floor(next() * syllables.length)]!).join("");
}
