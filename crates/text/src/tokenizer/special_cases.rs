//! Chunks whose tokens are listed one by one: contractions, abbreviations, times, emoticons.

use std::collections::HashMap;

/// Contractions of a pronoun, and what may follow it. Each stands with and without its apostrophe.
const PRONOUNS: &[(&str, &[&str])] = &[
    ("i", &["m", "m a", "ll", "ll ve", "d", "d ve", "ve"]),
    ("you", &["ll", "ll ve", "d", "d ve", "ve", "re"]),
    ("he", &["ll", "ll ve", "d", "d ve", "s"]),
    ("she", &["ll", "ll ve", "d", "d ve", "s"]),
    ("it", &["ll", "ll ve", "d", "d ve", "s"]),
    ("we", &["ll", "ll ve", "d", "d ve", "ve", "re"]),
    ("they", &["ll", "ll ve", "d", "d ve", "ve", "re"]),
    ("who", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("what", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("when", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("where", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("why", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("how", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("there", &["s", "ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("that", &["s", "ll", "ll ve", "d", "d ve"]),
    ("this", &["s", "ll", "ll ve", "d", "d ve"]),
    ("these", &["ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("those", &["ll", "ll ve", "re", "ve", "d", "d ve"]),
    ("could", &["ve"]),
    ("might", &["ve"]),
    ("must", &["ve"]),
    ("should", &["ve"]),
    ("would", &["ve"]),
];

/// Words that look like a pronoun with an ending that lost its apostrophe: they are not split.
const WORDS: &[&str] = &["ill", "its", "hell", "shell", "shed", "were", "well"];

/// Verbs before a contracted `not`, and whether `have` may follow.
const NEGATED: &[(&[&str], bool)] = &[
    (
        &[
            "ca", "could", "do", "does", "did", "had", "may", "might", "must", "need", "ought", "sha", "should", "wo",
            "would",
        ],
        true,
    ),
    (&["ai", "are", "is", "was", "were", "have", "has", "dare"], false),
];

/// Words that drop their last letter, with or without an apostrophe in its place.
const CLIPPED: &[&str] = &["doin", "goin", "nothin", "nuthin", "ol", "somethin", "lovin", "havin"];

/// Chunks in lower case, which also occur capitalised, with a blank between their tokens.
const CAPITALISED_TOO: &[&str] =
    &["how 'd 'y", "not 've", "not ve", "can not", "gon na", "got ta", "let 's", "c'm on", "ma'am", "o'clock"];

/// Other chunks, with a blank between their tokens.
const OTHERS: &str = "y'_all y_all em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s and/or w/o 're 'Cause 'cause 'cos 'Cos 'coz \
    'Coz 'cuz 'Cuz 'bout 'd";

/// Abbreviations whose full stop belongs to them.
const ABBREVIATIONS: &str = "Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. \
    Ind. Jan. Jul. Jun. Kan. Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. \
    Nov. Oct. Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. \
    E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. \
    St. vs. v.s. a. b. c. d. e. f. g. h. i. j. k. l. m. n. o. p. q. r. s. t. u. v. w. x. y. z. ä. ö. ü.";

/// Faces and other pictures made of characters.
const EMOTICONS: &str = r#"
    :) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-;
    :( :-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[
    :1 :P :-P :p :-p :O :-O :o :-o :0 :-0 :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D
    xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O
    0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<) (*_*) (¬_¬)
    ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>
    ' '' \") <space> C++ \t \n —
"#;

/// The chunks with tokens of their own.
pub struct SpecialCases {
    /// The bytes of each token of a chunk.
    tokens: HashMap<String, Vec<usize>>,
    /// Bytes of the longest chunk, so that a long one need not be hashed.
    longest: usize,
}

impl SpecialCases {
    /// Builds the table.
    pub fn new() -> Self {
        let mut cases = Self { tokens: HashMap::new(), longest: 0 };
        cases.add_contractions();
        for word in CLIPPED {
            cases.add_capitalised_too(word);
            cases.add_capitalised_too(&format!("{word}'"));
        }
        for chunk in CAPITALISED_TOO {
            cases.add_capitalised_too(chunk);
        }
        for hour in 1..=12 {
            for period in ["a.m.", "am", "p.m.", "pm"] {
                cases.add(&format!("{hour} {period}"));
            }
        }
        for chunk in OTHERS.split_whitespace() {
            cases.add(&chunk.replace('_', " "));
        }
        for chunk in ABBREVIATIONS.split_whitespace().chain(EMOTICONS.split_whitespace()) {
            cases.add(chunk);
        }
        for scale in "cfkCFK".chars() {
            cases.add(&format!("° {scale} ."));
        }
        cases
    }

    /// The bytes of each token of `chunk`, if it is a special case.
    pub fn get(&self, chunk: &str) -> Option<&[usize]> {
        if chunk.len() > self.longest {
            return None;
        }
        self.tokens.get(chunk).map(Vec::as_slice)
    }

    /// Every special case.
    pub fn chunks(&self) -> impl Iterator<Item = &str> {
        self.tokens.keys().map(String::as_str)
    }

    fn add_contractions(&mut self) {
        for (word, endings) in PRONOUNS {
            for ending in *endings {
                // In `I'm a`, the `a` of `I'ma` never has an apostrophe.
                let apart =
                    if *ending == "m a" { "'m a".to_owned() } else { format!("'{}", ending.replace(' ', " '")) };
                self.add_capitalised_too(&format!("{word} {apart}"));
                if !WORDS.contains(&format!("{word}{ending}").as_str()) {
                    self.add_capitalised_too(&format!("{word} {ending}"));
                }
            }
        }
        for (verbs, have) in NEGATED {
            for verb in *verbs {
                self.add_capitalised_too(&format!("{verb} n't"));
                self.add_capitalised_too(&format!("{verb} nt"));
                if *have {
                    self.add_capitalised_too(&format!("{verb} n't 've"));
                    self.add_capitalised_too(&format!("{verb} nt ve"));
                }
            }
        }
    }

    /// Adds `tokens`, which begin with an ASCII letter, as they are and with a capital.
    fn add_capitalised_too(&mut self, tokens: &str) {
        self.add(tokens);
        self.add(&(tokens[..1].to_ascii_uppercase() + &tokens[1..]));
    }

    /// Adds a chunk, given as its tokens with blanks between, and its spelling with typographic apostrophes.
    fn add(&mut self, tokens: &str) {
        for spelling in [tokens.to_owned(), tokens.replace('\'', "’")] {
            let chunk = spelling.replace(' ', "");
            self.longest = self.longest.max(chunk.len());
            self.tokens.insert(chunk, spelling.split(' ').map(str::len).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_every_case_cover_it() {
        let cases = SpecialCases::new();
        for chunk in cases.chunks() {
            let lengths = cases.get(chunk).expect("listed");
            assert_eq!(lengths.iter().sum::<usize>(), chunk.len(), "{chunk}");
            assert!(lengths.iter().all(|&length| length > 0), "{chunk}");
        }
    }

    #[test]
    fn words_that_only_look_contracted_are_not_split() {
        let cases = SpecialCases::new();
        for chunk in ["well", "Its", "shed", "ill"] {
            assert!(cases.get(chunk).is_none(), "{chunk}");
        }
        assert_eq!(cases.get("I'ma"), Some([1, 2, 1].as_slice()));
        assert_eq!(cases.get("don’t"), Some([2, 5].as_slice()));
        assert!(cases.get("can't've").is_some() && cases.get("isn't've").is_none());
    }
}
