#![no_main]

edgecap_wasm_image_fuzz::decodes!();
