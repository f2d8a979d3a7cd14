#![no_main]

use edgecap_image_fuzz::check_cut;

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| check_cut(input.1, usize::from(input.0)));
