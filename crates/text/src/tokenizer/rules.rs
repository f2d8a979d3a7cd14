//! Applies the rules together: to chunks, their edges and middles, and listed chunks that were cut.

use std::collections::HashMap;
use std::ops::Range;

use super::affixes::{prefix_length, suffix_length};
use super::characters::is_space;
use super::infixes::for_each_infix;
use super::special_cases::SpecialCases;
use super::url::is_url;

/// A token, as the bytes of the text from the first to before the second.
pub type Span = (usize, usize);

/// The rules, with tables derived from the listed chunks.
pub struct Rules {
    cases: SpecialCases,
    /// Listed chunks that the other rules would cut: the tokens that the cut leaves, keyed by the first of them.
    cut: HashMap<String, Vec<Vec<String>>>,
}

impl Rules {
    /// Builds the tables. Costs about a millisecond: do it once.
    pub fn new() -> Self {
        let cases = SpecialCases::new();
        let mut cut: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for chunk in cases.chunks() {
            let mut infix = false;
            for_each_infix(chunk, |_, _| infix = true);
            if prefix_length(chunk) > 0 || suffix_length(chunk) > 0 || infix {
                let mut spans = Vec::new();
                split_chunk(None, chunk, 0, &mut Vec::new(), &mut spans);
                let tokens: Vec<String> = spans.iter().map(|&(start, end)| chunk[start..end].to_owned()).collect();
                cut.entry(tokens[0].clone()).or_default().push(tokens);
            }
        }
        Self { cases, cut }
    }

    /// Every token of `text` from left to right, white space other than single blanks included.
    pub fn split(&self, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut suffixes = Vec::new();
        let mut start = 0;
        let mut in_space = text.chars().next().is_some_and(is_space);
        for (at, character) in text.char_indices() {
            if is_space(character) == in_space {
                continue;
            }
            self.split_run(text, start..at, in_space, &mut suffixes, &mut spans);
            // The first blank after a word is only a separator.
            start = if character == ' ' { at + 1 } else { at };
            in_space = !in_space;
        }
        self.split_run(text, start..text.len(), in_space, &mut suffixes, &mut spans);
        self.join_cut(text, spans)
    }

    fn split_run(&self, text: &str, run: Range<usize>, space: bool, suffixes: &mut Vec<Span>, spans: &mut Vec<Span>) {
        if space && !run.is_empty() {
            spans.push((run.start, run.end));
        } else if !run.is_empty() {
            split_chunk(Some(&self.cases), &text[run.clone()], run.start, suffixes, spans);
        }
    }

    /// Replaces the tokens that a listed chunk was cut into by its own. If two such chunks overlap, the longer wins,
    /// then the earlier. The text under a winner is not examined again, even if blanks between its tokens mean that it
    /// is not a listed chunk after all.
    fn join_cut(&self, text: &str, spans: Vec<Span>) -> Vec<Span> {
        let mut matches: Vec<Range<usize>> = Vec::new();
        for (first, &(start, end)) in spans.iter().enumerate() {
            for tokens in self.cut.get(&text[start..end]).into_iter().flatten() {
                let candidates = spans.get(first..first + tokens.len());
                let same = |(token, &(start, end)): (&String, &Span)| *token == text[start..end];
                if candidates.is_some_and(|candidates| tokens.iter().zip(candidates).all(same)) {
                    matches.push(first..first + tokens.len());
                }
            }
        }
        if matches.is_empty() {
            return spans;
        }
        matches.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.start.cmp(&b.start)));
        let mut seen = vec![false; spans.len()];
        matches.retain(|range| {
            let free = !seen[range.start] && !seen[range.end - 1];
            seen[range.clone()].fill(true);
            free
        });
        matches.sort_unstable_by_key(|range| range.start);
        let mut joined = Vec::with_capacity(spans.len());
        let mut next = 0;
        for range in matches {
            joined.extend_from_slice(&spans[next..range.start]);
            let (start, end) = (spans[range.start].0, spans[range.end - 1].1);
            match self.cases.get(&text[start..end]) {
                Some(lengths) => push_lengths(lengths, start, &mut joined),
                None => joined.extend_from_slice(&spans[range.clone()]),
            }
            next = range.end;
        }
        joined.extend_from_slice(&spans[next..]);
        joined
    }
}

/// Splits `chunk`, which holds no white space and begins at byte `offset` of the text, into `spans`.
/// Without `cases`, no chunk counts as listed. `suffixes` is scratch space and is empty afterwards.
fn split_chunk(
    cases: Option<&SpecialCases>,
    chunk: &str,
    offset: usize,
    suffixes: &mut Vec<Span>,
    spans: &mut Vec<Span>,
) {
    let listed = |start: usize, end: usize| cases.and_then(|cases| cases.get(&chunk[start..end]));
    let (mut start, mut end) = (0, chunk.len());
    while start < end && listed(start, end).is_none() {
        let prefix = prefix_length(&chunk[start..end]);
        let inner = start + prefix;
        if prefix > 0 && inner < end && listed(inner, end).is_some() {
            spans.push((offset + start, offset + inner));
            start = inner;
            break;
        }
        let suffix = suffix_length(&chunk[inner..end]);
        let outer = end - suffix;
        if suffix > 0 && start < outer && listed(start, outer).is_some() {
            suffixes.push((offset + outer, offset + end));
            end = outer;
            break;
        }
        if prefix == 0 && suffix == 0 {
            break;
        }
        if prefix > 0 {
            spans.push((offset + start, offset + inner));
        }
        if suffix > 0 {
            suffixes.push((offset + outer, offset + end));
        }
        (start, end) = (inner, outer);
    }
    if start < end {
        let middle = &chunk[start..end];
        match listed(start, end) {
            Some(lengths) => push_lengths(lengths, offset + start, spans),
            None if is_url(middle) => spans.push((offset + start, offset + end)),
            None => split_infixes(middle, offset + start, spans),
        }
    }
    spans.extend(suffixes.drain(..).rev());
}

/// Splits `middle`, which has lost its prefixes and suffixes and begins at byte `offset` of the text.
fn split_infixes(middle: &str, offset: usize, spans: &mut Vec<Span>) {
    let mut start = 0;
    for_each_infix(middle, |infix_start, infix_end| {
        // An infix at the very start separates nothing: it stays with the text that follows.
        if infix_start == 0 {
            return;
        }
        if infix_start > start {
            spans.push((offset + start, offset + infix_start));
        }
        spans.push((offset + infix_start, offset + infix_end));
        start = infix_end;
    });
    if start < middle.len() {
        spans.push((offset + start, offset + middle.len()));
    }
}

/// Adds one span for each of `lengths`, one after the other from `start` on.
fn push_lengths(lengths: &[usize], mut start: usize, spans: &mut Vec<Span>) {
    for length in lengths {
        spans.push((start, start + length));
        start += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_all_but_single_blanks() {
        let rules = Rules::new();
        for text in ["A dog  (wet)\tisn't :-) here…", " leading", "trailing ", "don't  can’t...US$5", "(╯°□°）╯︵┻━┻!!"]
        {
            let mut next = 0;
            for (start, end) in rules.split(text) {
                assert!(start == next || &text[next..start] == " ", "{text}");
                assert!(end > start, "{text}");
                next = end;
            }
            assert!(next == text.len() || &text[next..] == " ", "{text}");
        }
    }
}
