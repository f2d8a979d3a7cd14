#![no_main]

use edgecap_text::tokenizer::{is_blank, tokenize, tokenize_lines};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let tokens = tokenize(text);
    assert!(tokens.iter().all(|token| !token.is_empty() && *token == token.to_lowercase()));
    // Tokens are pieces of the text, in its order.
    let lower = text.to_lowercase();
    if lower.len() == text.len() {
        let mut rest = lower.as_str();
        for token in &tokens {
            let place = rest.find(token.as_str()).expect("a token of the text");
            rest = &rest[place + token.len()..];
        }
    }
    let lines = tokenize_lines(text);
    assert_eq!(lines.matches('\n').count(), text.matches('\n').count());
    for (line, expected) in lines.split('\n').zip(text.split('\n')) {
        assert_eq!(line, tokenize(expected).join(" "));
    }
    assert!(tokens.iter().all(|token| !token.chars().all(is_blank)));
});
