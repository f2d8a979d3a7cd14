#![no_main]

use edgecap_text::vocabulary::{SPECIAL, UNKNOWN, Vocabulary};

/// What holds for every vocabulary.
fn check(vocabulary: &Vocabulary) {
    let size = vocabulary.size();
    assert!(size >= SPECIAL.len());
    for id in 0..size as u32 {
        let word = vocabulary.word(id).expect("an id of the vocabulary");
        assert_eq!(vocabulary.id(word), id);
    }
    assert_eq!((vocabulary.word(size as u32), vocabulary.id("no such word")), (None, UNKNOWN));
    assert!(vocabulary.decode(&[0, size as u32]).is_err());
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(vocabulary) = Vocabulary::parse(text) {
        check(&vocabulary);
        assert_eq!(vocabulary.serialise().trim_end_matches('\n'), text.strip_suffix('\n').unwrap_or(text));
    }
    let built = Vocabulary::build(text.split('\n'), 1);
    check(&built);
    let read = Vocabulary::parse(&built.serialise()).expect("own output");
    assert_eq!(read.serialise(), built.serialise());
    assert!(Vocabulary::build(text.split('\n'), 2).size() <= built.size());
});
