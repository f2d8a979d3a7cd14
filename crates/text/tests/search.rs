//! The entire search, on small models whose best captions can be enumerated.

use edgecap_text::search::{Hypothesis, Search, SearchOptions};

const START: u32 = 1;
const END: u32 = 2;

/// Runs a search over a model that gives the logits after a history, `START` included.
fn run(options: SearchOptions, model: impl Fn(&[u32]) -> Vec<f32>) -> Vec<Hypothesis> {
    let beams = options.beams as usize;
    run_for(options, beams, model)
}

/// Like `run`, for `count` captions.
fn run_for(options: SearchOptions, count: usize, model: impl Fn(&[u32]) -> Vec<f32>) -> Vec<Hypothesis> {
    let vocabulary = options.vocabulary as usize;
    let mut search = Search::new(options, &[0, START]).expect("valid options");
    let mut histories: Vec<Vec<u32>> = vec![Vec::new()];
    loop {
        let extended: Vec<Vec<u32>> = search
            .parents()
            .iter()
            .zip(search.tokens())
            .map(|(&parent, &token)| [histories[parent as usize].as_slice(), &[token as u32]].concat())
            .collect();
        histories = extended;
        for (history, row) in histories.iter().zip(search.logits().chunks_exact_mut(vocabulary)) {
            row.copy_from_slice(&model(history));
        }
        if !search.advance().expect("finite logits") {
            return search.results(count);
        }
    }
}

/// A model whose logits depend on the history in a way that looks random.
fn scrambled(history: &[u32], vocabulary: usize) -> Vec<f32> {
    let mut state = history.iter().fold(7u64, |hash, &token| hash.wrapping_mul(0x100_0000_01B3) ^ u64::from(token));
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 4e6
    };
    (0..vocabulary).map(|_| next()).collect()
}

fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
    logits.iter().map(|&logit| f64::from(logit) - sum.ln()).collect()
}

/// Every caption that ends within `max_words`, with its log-probability.
fn every_caption(max_words: usize, vocabulary: usize) -> Vec<(Vec<u32>, f64)> {
    let mut ended = Vec::new();
    let mut open = vec![(vec![START], 0.0)];
    for _ in 0..max_words {
        let mut longer = Vec::new();
        for (history, sum) in open {
            for (token, log_probability) in
                log_softmax(&scrambled(&history, vocabulary)).into_iter().enumerate().skip(2)
            {
                if token == END as usize {
                    ended.push((history[1..].to_vec(), sum + log_probability));
                } else {
                    longer.push(([history.as_slice(), &[token as u32]].concat(), sum + log_probability));
                }
            }
        }
        open = longer;
    }
    ended
}

#[test]
fn a_wide_beam_finds_the_best_captions() {
    for alpha in [0.0, 0.7, 2.0] {
        let options =
            SearchOptions { vocabulary: 5, beams: 64, max_words: 4, length_penalty: alpha, ..SearchOptions::default() };
        let results = run(options, |history| scrambled(history, 5));
        let mut every = every_caption(4, 5);
        let score = |(words, sum): &(Vec<u32>, f64)| sum / ((words.len() + 1) as f64).powf(alpha);
        every.sort_by(|a, b| score(b).total_cmp(&score(a)));
        for (result, expected) in results.iter().zip(&every) {
            assert_eq!(result.tokens, expected.0);
            assert!((result.log_probability - expected.1).abs() < 1e-5 && result.finished);
            assert!((result.score - score(expected)).abs() < 1e-5);
        }
        assert!(results.len() >= 10);
    }
}

#[test]
fn one_beam_follows_the_most_probable_word() {
    let options = SearchOptions { vocabulary: 40, beams: 1, max_words: 30, ..SearchOptions::default() };
    let mut history = vec![START];
    let mut sum = 0.0;
    let finished = loop {
        let log_probabilities = log_softmax(&scrambled(&history, 40));
        let (token, best) = log_probabilities
            .iter()
            .enumerate()
            .skip(2)
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            .expect("tokens");
        sum += best;
        if token == END as usize {
            break true;
        }
        history.push(token as u32);
        if history.len() > 30 {
            break false;
        }
    };
    let results = run(options, |history| scrambled(history, 40));
    assert_eq!((results.len(), results[0].finished), (1, finished));
    assert_eq!(results[0].tokens, history[1..]);
    assert!((results[0].log_probability - sum).abs() < 1e-4);
}

#[test]
fn captions_are_cut_if_none_ends() {
    let options = SearchOptions { vocabulary: 6, beams: 3, max_words: 5, ..SearchOptions::default() };
    let results = run(options, |_| vec![0.0, 0.0, f32::NEG_INFINITY, 0.0, 1.0, 2.0]);
    assert_eq!(results.len(), 3);
    assert!(results.iter().all(|result| !result.finished && result.tokens.len() == 5));
    assert_eq!(results[0].tokens, [5; 5]);
}

#[test]
fn a_finished_caption_is_never_lost() {
    // The best caption is a single word; all later ones are worse, however long the search continues.
    let options = SearchOptions { vocabulary: 8, beams: 2, max_words: 9, ..SearchOptions::default() };
    let results = run(options, |history| {
        let mut logits = vec![0.0f32; 8];
        logits[if history == [START] {
            4
        } else if history == [START, 4] {
            END as usize
        } else {
            5
        }] = 3.0;
        logits
    });
    assert_eq!((results[0].tokens.as_slice(), results[0].finished), ([4].as_slice(), true));
}

#[test]
fn captions_obey_the_limits_on_words() {
    let likes_to_end = |history: &[u32]| {
        let mut logits = scrambled(history, 12);
        logits[END as usize] = 9.0;
        logits
    };
    let base = SearchOptions { vocabulary: 12, beams: 3, max_words: 8, ..SearchOptions::default() };
    for temperature in [0.0, 1.0] {
        let options = SearchOptions { min_words: 4, temperature, ..base.clone() };
        assert!(run(options, likes_to_end).iter().all(|result| result.tokens.len() >= 4));
    }
    let options = SearchOptions { no_repeat_ngram: 1, ..base };
    for result in run(options, |_| vec![0.0, 0.0, -9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]) {
        let mut words = result.tokens.clone();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), result.tokens.len());
    }
}

#[test]
fn captions_that_name_concepts_come_in_addition_to_those_of_the_plain_search() {
    let base =
        SearchOptions { vocabulary: 12, beams: 6, max_words: 9, length_penalty: 0.7, ..SearchOptions::default() };
    let likes_none = |history: &[u32]| {
        let mut logits = scrambled(history, 12);
        logits[5] -= 20.0;
        logits[6] -= 20.0;
        // The second word of a form follows the first without help.
        logits[7] += if history.last() == Some(&6) { 5.0 } else { -20.0 };
        // Captions that name the concepts must end in time.
        logits[END as usize] += 3.0;
        logits
    };
    let plain = run(base.clone(), likes_none);
    let required = vec![vec![vec![5]], vec![vec![6, 7], vec![6, 9, 7]]];
    let options = SearchOptions { required, concept_reward: 50.0, ..base };
    let most = options.most_live();
    let found = run_for(options.clone(), most, likes_none);
    for result in &plain {
        assert!(found.iter().any(|kept| kept.tokens == result.tokens && kept.finished == result.finished));
    }
    let best = &found[0];
    assert_eq!((best.named, best.finished), (2, true));
    assert!(best.tokens.contains(&5));
    assert!(best.tokens.windows(2).any(|pair| pair == [6, 7]));
    assert!((best.score - 100.0 - best.log_probability / ((best.tokens.len() + 1) as f64).powf(0.7)).abs() < 1e-9);
    assert_eq!(found, run_for(options, most, likes_none));
}

#[test]
fn a_drawn_caption_does_not_depend_on_its_neighbours() {
    let draw = |beams: u32, seed: f64| {
        let options = SearchOptions {
            vocabulary: 30,
            beams,
            max_words: 12,
            temperature: 1.3,
            top_k: 20,
            top_p: 0.95,
            seed,
            ..SearchOptions::default()
        };
        run(options, |history| scrambled(history, 30))
    };
    let alone = draw(1, 5.0);
    let among = draw(8, 5.0);
    assert!(among.iter().any(|result| result.tokens == alone[0].tokens));
    assert_eq!(among, draw(8, 5.0));
    assert_ne!(among, draw(8, 6.0));
    assert!(among.len() > 1);
}

#[test]
fn a_step_with_broken_logits_can_be_repeated() {
    for temperature in [0.0, 1.0] {
        let options = SearchOptions { vocabulary: 4, temperature, ..SearchOptions::default() };
        let mut search = Search::new(options, &[0, START]).expect("valid options");
        search.logits().copy_from_slice(&[0.0, f32::NAN, 1.0, 0.0]);
        assert!(search.advance().expect_err("NaN").to_string().contains("beam 0 hold NaN at token 1"));
        search.logits().copy_from_slice(&[9.0, 9.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
        assert!(search.advance().expect_err("all banned").to_string().contains("No token is left to continue beam 0"));
        search.logits().copy_from_slice(&[9.0, 9.0, 5.0, f32::NEG_INFINITY]);
        assert!(!search.advance().expect("one token left"));
        assert_eq!(search.results(1)[0].tokens, [0; 0]);
        assert!(!search.advance().expect("still done"));
    }
}

/// The best captions that fit into the limit of characters, enumerated, by falling log-probability.
fn every_fitting(limit: u32, lengths: &[u32], least_end: f64) -> Vec<(Vec<u32>, f64)> {
    let end_of = |words: &[u32]| log_softmax(&scrambled(&[&[START], words].concat(), lengths.len()))[END as usize];
    let mut found: Vec<_> = every_caption(5, lengths.len())
        .into_iter()
        .filter(|(words, _)| words.iter().map(|&word| lengths[word as usize]).sum::<u32>() <= limit)
        .filter(|(words, _)| end_of(words) >= least_end)
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found
}

#[test]
fn captions_stay_within_their_characters() {
    let lengths = [9, 9, 9, 4, 1, 6];
    for (limit, least_end) in [(0, -9.0), (3, -9.0), (6, -1.5), (7, -9.0), (11, -2.0), (11, f64::NEG_INFINITY)] {
        let options = SearchOptions {
            vocabulary: 6,
            beams: 64,
            max_words: 5,
            characters: lengths.to_vec(),
            max_characters: limit,
            least_end,
            ..SearchOptions::default()
        };
        let found = run(options, |history| scrambled(history, 6));
        let (ended, cut): (Vec<_>, Vec<_>) = found.iter().partition(|hypothesis| hypothesis.finished);
        let expected = every_fitting(limit, &lengths, least_end);
        assert_eq!(ended.is_empty(), expected.is_empty(), "{limit}");
        for (hypothesis, (words, sum)) in ended.iter().zip(&expected) {
            assert_eq!(&hypothesis.tokens, words);
            assert!((hypothesis.log_probability - sum).abs() < 1e-4);
        }
        for hypothesis in cut {
            assert!(hypothesis.tokens.iter().map(|&word| lengths[word as usize]).sum::<u32>() <= limit);
        }
    }
}

#[test]
fn an_unlikely_end_does_not_count_if_characters_are_limited() {
    // An end is always possible and never likely: if no words fit, no caption is left.
    let model = |_: &[u32]| vec![0.0, 0.0, -4.0, 0.0, 0.0];
    for beams in [1, 3] {
        let options = |least_end| SearchOptions {
            vocabulary: 5,
            beams,
            characters: vec![1; 5],
            max_characters: 3,
            least_end,
            ..SearchOptions::default()
        };
        assert_eq!(run(options(-2.0), model), []);
        assert!(run(options(-9.0), model).iter().all(|found| found.finished && found.tokens.len() <= 3));
    }
}

#[test]
fn a_concept_that_cannot_be_named_cuts_no_plain_caption_short() {
    let base =
        SearchOptions { vocabulary: 12, beams: 4, max_words: 9, length_penalty: 0.7, ..SearchOptions::default() };
    let never_five = |history: &[u32]| {
        let mut logits = scrambled(history, 12);
        logits[5] = f32::NEG_INFINITY;
        logits[END as usize] += if history.len() > 4 { 5.0 } else { -5.0 };
        logits
    };
    let plain = run(base.clone(), never_five);
    let options = SearchOptions { required: vec![vec![vec![5]]], concept_reward: 50.0, ..base };
    let found = run_for(options, plain.len(), never_five);
    assert!(plain[0].finished && plain[0].tokens.len() >= 4);
    assert_eq!(found, plain);
}

#[test]
fn sets_of_concepts_share_as_many_beams_as_the_plain_search_has() {
    let beams = |beams, concepts| {
        let options = SearchOptions { beams, required: vec![vec![vec![4]]; concepts], ..SearchOptions::default() };
        (options.sets(), options.set_beams(), options.most_live())
    };
    assert_eq!(beams(10, 0), (0, 10, 10));
    assert_eq!(beams(10, 1), (1, 10, 20));
    assert_eq!(beams(10, 2), (3, 4, 22));
}
