#![no_main]

use edgecap_text::search::{Hypothesis, Search, SearchOptions};
use libfuzzer_sys::arbitrary::{Result, Unstructured};

/// Options that are mostly in range, for a vocabulary that is small enough to search quickly.
fn options(input: &mut Unstructured) -> Result<(SearchOptions, Vec<u32>)> {
    let vocabulary = input.int_in_range(0..=24)?;
    let id = |input: &mut Unstructured| input.int_in_range(0..=vocabulary);
    let mut required = Vec::new();
    for _ in 0..input.int_in_range(0..=4)? {
        let mut forms = Vec::new();
        for _ in 0..input.int_in_range(0..=3)? {
            forms.push((0..input.int_in_range(0..=4)?).map(|_| id(input)).collect::<Result<Vec<u32>>>()?);
        }
        required.push(forms);
    }
    let number = |input: &mut Unstructured, most: f64| -> Result<f64> {
        Ok(match input.int_in_range(0..=9)? {
            0 => f64::from_bits(input.arbitrary()?),
            1 => 0.0,
            _ => f64::from(input.arbitrary::<u8>()?) / 255.0 * most,
        })
    };
    let characters = if input.arbitrary()? {
        Vec::new()
    } else {
        (0..vocabulary).map(|_| input.int_in_range(0..=6)).collect::<Result<_>>()?
    };
    let options = SearchOptions {
        characters,
        max_characters: input.int_in_range(0..=30)?,
        least_end: -number(input, 10.0)?,
        vocabulary,
        beams: input.int_in_range(0..=9)?,
        max_words: input.int_in_range(0..=14)?,
        min_words: input.int_in_range(0..=6)?,
        length_penalty: number(input, 10.0)?,
        no_repeat_ngram: input.int_in_range(0..=5)?,
        repeatable: (0..input.int_in_range(0..=3)?).map(|_| id(input)).collect::<Result<_>>()?,
        required,
        concept_reward: number(input, 1000.0)?,
        start_id: id(input)?,
        end_id: id(input)?,
        temperature: if input.arbitrary()? { 0.0 } else { number(input, 100.0)? },
        top_k: input.int_in_range(0..=30)?,
        top_p: number(input, 1.0)?,
        seed: f64::from(input.arbitrary::<u32>()?),
    };
    let banned = (0..input.int_in_range(0..=4)?).map(|_| id(input)).collect::<Result<_>>()?;
    Ok((options, banned))
}

fn logit(input: &mut Unstructured) -> Result<f32> {
    let byte: u8 = input.arbitrary()?;
    Ok(match byte {
        0 => f32::NEG_INFINITY,
        1 => f32::from_bits(input.arbitrary()?),
        2 => f32::MAX,
        3 => f32::MIN,
        _ => f32::from(byte) / 8.0 - 16.0,
    })
}

fn check(results: &[Hypothesis], options: &SearchOptions, banned: &[u32]) {
    for (place, result) in results.iter().enumerate() {
        assert!(result.tokens.len() <= options.max_words as usize);
        assert_eq!(result.tokens.len(), result.word_log_probabilities.len());
        assert!(!result.tokens.iter().any(|token| banned.contains(token) || *token == options.end_id));
        assert!(!result.finished || result.tokens.len() >= options.min_words as usize);
        let characters: u32 = result.tokens.iter().filter_map(|&token| options.characters.get(token as usize)).sum();
        assert!(options.characters.is_empty() || characters <= options.max_characters);
        assert!(!result.score.is_nan() && !result.log_probability.is_nan());
        assert!(result.named as usize <= options.required.len());
        let same = |other: &Hypothesis| other.tokens == result.tokens && other.finished == result.finished;
        assert!(!results[..place].iter().any(same));
    }
    assert!(results.is_sorted_by(|a, b| (a.finished, a.score) >= (b.finished, b.score)));
}

fn run(bytes: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(bytes);
    let (options, banned) = options(input)?;
    let Ok(mut search) = Search::new(options.clone(), &banned) else { return Ok(()) };
    let mut steps = 0;
    loop {
        assert!((1..=options.most_live()).contains(&search.live()));
        assert!(search.tokens().iter().all(|&token| (0..options.vocabulary as i32).contains(&token)));
        for value in search.logits() {
            *value = logit(input)?;
        }
        let results = search.results(100);
        match search.advance() {
            // The search is unchanged.
            Err(_) => {
                assert_eq!(search.results(100), results);
                check(&results, &options, &banned);
                return Ok(());
            }
            Ok(more) => {
                steps += 1;
                check(&search.results(100), &options, &banned);
                if !more {
                    break;
                }
            }
        }
    }
    assert!(steps <= options.max_words);
    assert!(search.results(2).len() <= 2);
    assert_eq!(search.advance(), Ok(false));
    Ok(())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // An input that ends too early tests nothing.
    let _ = run(bytes);
});
