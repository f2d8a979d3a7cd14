#![no_main]

use edgecap_text::retrieval::{Datastore, DatastoreParts};
use libfuzzer_sys::arbitrary::{Result, Unstructured};

/// Vectors are finite: the reader of the file checks that.
fn number(input: &mut Unstructured) -> Result<f32> {
    Ok(f32::from(input.arbitrary::<i16>()?) / 256.0)
}

fn list<T>(input: &mut Unstructured, count: usize, one: impl Fn(&mut Unstructured) -> Result<T>) -> Result<Vec<T>> {
    (0..count).map(|_| one(input)).collect()
}

/// A count that fits, or sometimes one that does not.
fn around(input: &mut Unstructured, count: usize) -> Result<usize> {
    Ok(if input.int_in_range(0..=31)? == 0 { input.int_in_range(0..=40)? } else { count })
}

fn run(bytes: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(bytes);
    let dimensions: usize = input.int_in_range(0..=9)?;
    let photos = input.int_in_range(0..=12)?;
    let vocabulary = input.int_in_range(1..=20)?;
    let scales = around(input, dimensions)?;
    let mean = list(input, dimensions, number)?;
    let scale = list(input, scales, number)?;
    let values = around(input, photos * dimensions)?;
    let vectors = list(input, values, |input| input.arbitrary())?;
    let captions = list(input, photos, |input| Ok(input.int_in_range(0..=3)?))?;
    let sum = captions.iter().map(|&count: &u8| usize::from(count)).sum();
    let count = around(input, sum)?;
    let lengths = list(input, count, |input| Ok(input.int_in_range(0..=5)?))?;
    let words = lengths.iter().map(|&length: &u8| usize::from(length)).sum();
    let count = around(input, words)?;
    let tokens = list(input, count, |input| Ok(input.int_in_range(0..=20)?))?;
    let grams = input.int_in_range(0..=20)?;
    let mut ngrams = list(input, grams, |input| input.arbitrary())?;
    if input.int_in_range(0..=9)? > 0 {
        ngrams.sort_unstable();
    }
    let count = around(input, grams)?;
    let frequencies = list(input, count, |input| input.arbitrary())?;
    let parts = DatastoreParts { mean, scale, vectors, captions, lengths, tokens, ngrams, frequencies };
    let Ok(datastore) = Datastore::new(parts, vocabulary) else { return Ok(()) };

    let vector = list(input, dimensions, number)?;
    let nearest = datastore.nearest(&vector, input.int_in_range(0..=20)?);
    assert!(nearest.iter().all(|&photo| (photo as usize) < photos));
    let mut distinct = nearest.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), nearest.len());
    let likeness = datastore.likeness(&vector, &nearest);
    assert!(likeness.is_nan() || likeness.abs() < 1.0 + 1e-4, "{likeness}");
    let count = input.int_in_range(0..=5)?;
    let candidates = list(input, count, |input| {
        let words = input.int_in_range(0..=6)?;
        list(input, words, |input| input.int_in_range(0..=25))
    })?;
    let slices: Vec<&[u32]> = candidates.iter().map(Vec::as_slice).collect();
    for agreement in datastore.consensus(&slices, &nearest, 2) {
        assert!(agreement.is_nan() || (-1e-6..1.0 + 1e-6).contains(&agreement), "{agreement}");
    }
    Ok(())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // An input that ends too early tests nothing.
    let _ = run(bytes);
});
