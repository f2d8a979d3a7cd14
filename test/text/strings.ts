import fc from "fast-check";

/** Pieces that the tokenizer's rules are about. */
export const scraps: readonly string[] = [
  ..."a b Dog CATS it I he don n't 's ’s - -- --- — – ~ ... .. . , : ; ! ? ( ) [ ] { } < > = / + * ^ & # _ % § $ US$ C$ £ €".split(
    " ",
  ),
  ..."5 10 3.5 1,000 km km² m/s ° °C. “ ” ' \" ` … …… x.org http:// a@b.com 8.8.8.8 10.0.0.1 :8080 /path ?q=1 é É 犬 あ א ß 😀".split(
    " ",
  ),
  ..."❤ ☺ @ | \\ the e.g p.m U.S T g mg кг а Б م 、 。 ～ ½ ² co.uk www. a_b -a.com com 1.02.03.4 :// :) :- <3 Σ ΑΣ İ ſ".split(
    " ",
  ),
  ..."can't cannot I'ma he'd've won’t y'all ma'am o'clock doin' Mr. i.e. a.m. 10p.m. :-) (: ;_; (ಠ_ಠ) <space> C++ and/or".split(
    " ",
  ),
  " ",
  "  ",
  "\t",
  "\n",
  "\u00a0",
  "\u3000",
];

/** Text made of such pieces. */
export const captionText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...scraps) }, { weight: 1, arbitrary: fc.constant(" ") }), {
    maxLength: 12,
  })
  .map((pieces) => pieces.join(""));
