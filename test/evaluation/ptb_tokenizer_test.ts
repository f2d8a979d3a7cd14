import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { tokenizePtb } from "../../src/evaluation/mod.ts";
import { anyText } from "../any_text.ts";

// The tokens of Stanford's PTBTokenizer 3.4.1 with -lowerCase, without the punctuation that the COCO code drops.
const stanford: readonly [string, string][] = [
  ["A dog 's ball .", "a dog 's ball"],
  ["I can't cannot gonna wanna gotta gimme 'tis", "i ca n't can not gon na wan na got ta gim me 't is"],
  ["It's John's dogs' they've we're I'm she'd DON'T", "it 's john 's dogs they 've we 're i 'm she 'd do n't"],
  ["y'all ma'am rock'n'roll o'clock", "y' all ma'am rock 'n' roll o'clock"],
  ["\"Hello\" he said, 'quoted' and “curly” ‘single’ don’t", "hello he said quoted and curly single do n't"],
  ["A (round) [square] {curly} end", "a -lrb- round -rrb- -lsb- square -rsb- -lcb- curly -rcb- end"],
  ["$5 #1 10% & AT&T at&t and/or 1/2", "$ 5 # 1 10 % & at&t at & t and/or 1/2"],
  ["1,000 people 3.5 feet 12:30 p.m. 7:00am 2000's '90s", "1,000 people 3.5 feet 12:30 p.m. 7:00 am 2000 's '90s"],
  ["Mr. Smith vs. U.S. army. A. B.", "mr. smith vs. u.s. army a. b"],
  ["A dog... and -- a cow - a pig – en — em.. end", "a dog and a cow a pig en em end"],
  ["dog,cat dog.cat dog;cat dog:cat dog!! dog?!", "dog cat dog.cat dog cat dog cat dog !! dog ?!"],
  [
    "t-shirt black-and-white -dash dash- a rif=ding 's-eye-view",
    "t-shirt black-and-white dash dash a rif = ding 's eye-view",
  ],
  ["naïve café 日本 😀 end", "naïve café 日本 end"],
  ["Yes, no. end. No. 5", "yes no end no. 5"],
  [
    "foo@bar.com http://example.com/a?b=c @user #tag &amp; <b>",
    "foo@bar.com http://example.com/a?b=c @user #tag & <b>",
  ],
];

describe("tokenizePtb()", () => {
  test("splits captions as Stanford's tokenizer does", () => {
    for (const [text, tokens] of stanford) expect(tokenizePtb(text).join(" ")).toBe(tokens);
  });

  test("gives words in lower case that hold no space, for any text", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        for (const word of tokenizePtb(text)) {
          expect(word).toBe(word.toLowerCase());
          expect(word).toMatch(/^\S+$/);
        }
      }),
    );
  });

  test("leaves words of letters as they are", () => {
    const word = fc.stringMatching(/^[b-z]{1,3}$/);
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(tokenizePtb(words.join(" "))).toEqual(words);
      }),
    );
  });
});
