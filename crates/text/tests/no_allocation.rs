//! A step of the search allocates no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use edgecap_text::search::{Search, SearchOptions};

/// The system's allocator, with a count of each thread's requests: the test harness allocates on its own thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The requests of this thread so far.
fn allocations() -> usize {
    ALLOCATIONS.get()
}

// SAFETY: every request goes to the system's allocator unchanged; counting does not touch its memory.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: the caller keeps the contract of `GlobalAlloc`, which `System` has as well.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is ending no longer has a count, but it is not the thread of the test.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: `layout` is the caller's.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: the caller keeps the contract of `GlobalAlloc`, which `System` has as well.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by `alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn steps_allocate_nothing() {
    let concepts = vec![vec![vec![7], vec![8, 9, 10]], vec![vec![11, 12]], vec![vec![499], vec![4], vec![5, 6]]];
    for (temperature, top_k, top_p, required, characters) in [
        (0.0, 0, 1.0, vec![], vec![]),
        (0.0, 0, 1.0, concepts, vec![]),
        (0.0, 0, 1.0, vec![], (0..500).map(|id| id % 7).collect()),
        (1.0, 0, 1.0, vec![], vec![]),
        (1.0, 0, 0.9, vec![], vec![]),
        (0.8, 50, 0.9, vec![], vec![]),
    ] {
        let options = SearchOptions {
            vocabulary: 500,
            beams: 5,
            max_words: 20,
            min_words: 3,
            length_penalty: 0.7,
            no_repeat_ngram: 2,
            repeatable: vec![4, 5, 6],
            required,
            concept_reward: 1.0,
            characters,
            max_characters: 60,
            least_end: -9.0,
            temperature,
            top_k,
            top_p,
            ..SearchOptions::default()
        };
        let mut search = Search::new(options, &[0, 1, 3]).expect("valid options");
        let place = search.logits().as_ptr();
        let before = allocations();
        let mut steps = 0u32;
        loop {
            for (index, logit) in search.logits().iter_mut().enumerate() {
                *logit = ((index as u32).wrapping_mul(2_654_435_761) ^ steps.wrapping_mul(40_503) >> 3) as f32 / 1e9;
            }
            steps += 1;
            if !search.advance().expect("finite logits") {
                break;
            }
        }
        assert_eq!(allocations(), before);
        assert_eq!(search.logits().as_ptr(), place);
        assert!(steps > 3, "{steps}");
        assert!(!search.results(5).is_empty() && allocations() > before);
    }
}
