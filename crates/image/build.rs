//! Limits the memory of the WebAssembly build: no picture can make a decode take more.

/// 600 MiB, which `decode::MAX_MEMORY` stays below.
const MAX_MEMORY: u32 = 600 << 20;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo:rustc-link-arg-cdylib=--max-memory={MAX_MEMORY}");
    }
}
