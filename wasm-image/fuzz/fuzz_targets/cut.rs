#![no_main]

use edgecap_wasm_image_fuzz::check_cut;

libfuzzer_sys::fuzz_target!(|input: (u16, &[u8])| check_cut(input.1, usize::from(input.0)));
