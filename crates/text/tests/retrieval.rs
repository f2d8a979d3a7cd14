//! How far captions agree, in numbers that are counted by hand.

use edgecap_text::retrieval::{Datastore, DatastoreParts};

#[test]
fn a_longer_caption_agrees_by_what_it_shares_and_by_its_length() {
    let parts = DatastoreParts {
        mean: vec![0.0],
        scale: vec![1.0],
        vectors: vec![1, 1],
        captions: vec![1, 0],
        lengths: vec![3],
        tokens: vec![4, 5, 6],
        ..DatastoreParts::default()
    };
    let datastore = Datastore::new(parts, 12).expect("parts of one datastore");
    let found = datastore.consensus(&[&[4, 5, 6], &[4, 5, 6, 7, 8, 9]], &[0], 2);
    // All n-grams weigh the same. With its end one has 4, 3, 2 and 1 of them, the other 7, 6, 5 and 4.
    let shared = 4.0 / 28_f64.sqrt() + 2.0 / 18_f64.sqrt() + 1.0 / 10_f64.sqrt();
    let expected = shared / 4.0 * (-9.0 / 72_f64).exp();
    assert!((found[0] - 1.0).abs() < 1e-12, "{found:?}");
    assert!((found[1] - expected).abs() < 1e-12, "{found:?}, not {expected}");
}
