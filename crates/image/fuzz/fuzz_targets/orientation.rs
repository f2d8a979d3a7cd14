#![no_main]

use edgecap_image::{Format, orientation};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for format in [Format::Jpeg, Format::Png, Format::WebP] {
        assert!((1..=8).contains(&orientation(format, bytes)));
    }
});
