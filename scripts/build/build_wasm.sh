#!/usr/bin/env bash
# Builds the Rust crates into their pkg folders, which are committed.
#
# usage: scripts/build/build_wasm.sh [crates/text|crates/image|crates/engine]    all without an argument
# Run scripts/build/setup_rust_wasm.sh first. With OUT=FOLDER, the result is FOLDER/CRATE/pkg instead of CRATE/pkg.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
out=${OUT:-$root}
prefix=${RUST_WASM_PREFIX:-$HOME/.rust-wasm}
target=wasm32-unknown-unknown

export PATH="$prefix/toolchain/bin:$prefix/bin:$PATH"
unset RUSTUP_TOOLCHAIN
# This replaces the rustflags of any .cargo/config.toml. The remapping keeps the folders of the machine out of
# the bytes, so that every machine builds the same ones.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# Folders may have spaces in their names, so the separator of the flags is a character that no name contains.
unit=$'\x1f'
export CARGO_ENCODED_RUSTFLAGS="-C${unit}target-feature=+simd128${unit}--remap-path-prefix=$cargo_home=/cargo${unit}--remap-path-prefix=$root=/edgecap"

# If the target's std is missing, wasm-pack would make rustup fetch it.
if ! test -d "$(rustc --target "$target" --print target-libdir)"; then
  echo "std for $target is missing under $prefix: run scripts/build/setup_rust_wasm.sh." >&2
  exit 1
fi

build() {
  local crate=$1 pkg=$out/$1/pkg
  # A lockfile that is already there may be newer: cargo add and cargo update write it.
  test -f "$root/$crate/Cargo.lock" || bun "$root/scripts/build/cargo_lock.ts" restore "$root/$crate"
  bun "$root/scripts/build/cargo_lock.ts" save "$root/$crate"
  # Crates are in a folder that is named after their registry, which differs between machines too.
  cargo fetch --quiet --locked --manifest-path "$root/$crate/Cargo.toml"
  local crates flags=$CARGO_ENCODED_RUSTFLAGS
  for crates in "$cargo_home"/registry/src/*; do flags+="$unit--remap-path-prefix=$crates=/crates"; done
  CARGO_ENCODED_RUSTFLAGS=$flags wasm-pack build "$root/$crate" --mode no-install --target web --release --no-pack --out-dir "$pkg" -- --locked
  # initSync() would return the instance that it has, but after a trap, or to free memory, edgecap needs a fresh one.
  sed -i '/^function initSync/,/^}/{/if (wasm !== undefined) return wasm;/d}' "$pkg"/*.js
  # wasm-pack would hide the build from git. Nobody should call the raw exports.
  rm -f "$pkg"/*_bg.wasm.d.ts "$pkg/.gitignore" "$pkg/package.json" "$pkg"/README* "$pkg"/LICENSE*
  bun "$root/scripts/check/check_wasm.ts" --record "$crate" --pkg "$pkg"
}

# build_engine NAME FEATURES [WASM-OPT FLAGS]: one module of the engine, whose exports take only numbers.
build_engine() {
  local name=$1 features=$2 crate=crates/engine
  local pkg=$out/$crate/pkg
  shift 2
  CARGO_ENCODED_RUSTFLAGS="-C${unit}target-feature=$features$unit--remap-path-prefix=$root=/edgecap" \
    cargo build -q --locked --offline --release --lib --target "$target" \
    --manifest-path "$root/$crate/Cargo.toml" --target-dir "$root/$crate/target/$name"
  mkdir -p "$pkg"
  # Runtimes compile whole functions, so the crate keeps its tiles apart: wasm-opt would put each into its only caller.
  wasm-opt -O3 --one-caller-inline-max-function-size=20 \
    --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals \
    --enable-reference-types --enable-multivalue "$@" --strip-producers \
    "$root/$crate/target/$name/$target/release/edgecap_engine.wasm" -o "$pkg/$name.wasm"
}

# Two modules: one for every machine, and one for those that accept relaxed SIMD.
build_engines() {
  test -f "$root/crates/engine/Cargo.lock" || bun "$root/scripts/build/cargo_lock.ts" restore "$root/crates/engine"
  bun "$root/scripts/build/cargo_lock.ts" save "$root/crates/engine"
  build_engine dot16 +simd128
  build_engine relaxed +simd128,+relaxed-simd --enable-relaxed-simd
  bun "$root/scripts/check/check_wasm.ts" --record crates/engine --pkg "$out/crates/engine/pkg"
}

if [ $# -eq 0 ]; then set -- crates/text crates/image crates/engine; fi
for crate in "$@"; do
  case $crate in
  crates/text | crates/image) build "$crate" ;;
  crates/engine) build_engines ;;
  *)
    echo "Unknown crate \"$crate\": give crates/text, crates/image or crates/engine." >&2
    exit 1
    ;;
  esac
done
