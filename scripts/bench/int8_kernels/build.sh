#!/usr/bin/env bash
# Builds the kernels into the two modules beside this script, which are committed: dot16.wasm for every machine,
# relaxed.wasm for those that accept relaxed SIMD.
#
# usage: scripts/bench/int8_kernels/build.sh    Run scripts/build/setup_rust_wasm.sh first.
# With OUT=FOLDER, the modules are written there.
set -euo pipefail

crate=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-$crate}
prefix=${RUST_WASM_PREFIX:-$HOME/.rust-wasm}
target=wasm32-unknown-unknown
export PATH="$prefix/toolchain/bin:$prefix/bin:$PATH"
unset RUSTUP_TOOLCHAIN

# build NAME FEATURES [WASM-OPT FLAGS]
build() {
  local name=$1 features=$2 unit=$'\x1f'
  shift 2
  CARGO_ENCODED_RUSTFLAGS="-C${unit}target-feature=$features${unit}--remap-path-prefix=$crate=/int8_kernels" \
    cargo build -q --offline --release --lib --target "$target" \
    --manifest-path "$crate/Cargo.toml" --target-dir "$crate/target/$name"
  wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
    --enable-mutable-globals --enable-reference-types --enable-multivalue "$@" --strip-producers \
    "$crate/target/$name/$target/release/int8_kernels.wasm" -o "$out/$name.wasm"
}

build dot16 +simd128
build relaxed +simd128,+relaxed-simd --enable-relaxed-simd
