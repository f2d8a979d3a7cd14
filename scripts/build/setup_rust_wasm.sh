#!/usr/bin/env bash
# Installs what scripts/build/build_wasm.sh needs, from package registries only: a Rust toolchain for
# wasm32-unknown-unknown, wasm-pack, wasm-bindgen and wasm-opt.
#
# Needs Debian 12 on x86-64 with root rights for apt, rustup with a stable toolchain, node and npm.
# Takes about six minutes, or a second if everything is installed already.
# Creates $RUST_WASM_PREFIX/toolchain, which rustup then calls rust-wasm, and $RUST_WASM_PREFIX/bin.
set -euo pipefail

prefix=${RUST_WASM_PREFIX:-$HOME/.rust-wasm}
host_toolchain=${HOST_TOOLCHAIN:-stable}
wasm_pack_version=0.15.1
# The same as in the Cargo.toml of the crates: the tool only reads the output of the crate of its own version.
wasm_bindgen_version=0.2.129
# Debian's own 108 is too old for what rustc emits.
binaryen_version=132.0.0

host=x86_64-unknown-linux-gnu
target=wasm32-unknown-unknown
toolchain=$prefix/toolchain
# Increase it when the way in which the toolchain is built changes.
recipe=1

install_packages() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Debian has a recent rustc for its browsers, with the sources of std and everything std depends on.
install_compiler() {
  if dpkg -s rustc-web cargo-web rust-web-src >/dev/null 2>&1; then return; fi
  apt-get update -qq
  install_packages rustc-web cargo-web rust-web-src
}

llvm_major() {
  /usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p'
}

# The linker must come from the LLVM that rustc was built with.
install_linker() {
  local llvm
  llvm=$(llvm_major)
  [ -x "/usr/lib/llvm-$llvm/bin/lld" ] || install_packages "lld-$llvm"
}

# Compiles std for the target in the folder given, without a network.
compile_std() {
  local work=$1 source=$2
  mkdir -p "$work/src" "$work/.cargo"
  : >"$work/src/lib.rs"
  cat >"$work/Cargo.toml" <<MANIFEST
[package]
name = "stdbuild"
version = "0.0.0"
edition = "2021"
[workspace]
[profile.release]
codegen-units = 1
MANIFEST
  cat >"$work/.cargo/config.toml" <<CONFIG
[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "$source/library/vendor"
CONFIG
  (
    cd "$work"
    unset RUSTUP_TOOLCHAIN RUSTC CARGO_BUILD_RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
    # Building std is reserved for nightly compilers unless this says otherwise.
    export PATH=/usr/bin:$PATH CARGO_HOME=$work/home RUSTC_BOOTSTRAP=1
    export RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$source=/rustc-src --remap-path-prefix=/usr/lib/rustlib/src/rust=/rustc-src"
    /usr/bin/cargo build -q --offline --release --target "$target" -Zbuild-std=std,panic_abort,proc_macro,test
  )
}

build_toolchain() {
  local stamp source work llvm tool
  stamp="$(/usr/bin/rustc -vV; dpkg-query -W rustc-web rust-web-src) v$recipe"
  if [ "$(cat "$toolchain/stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
  source=$(readlink -f /usr/lib/rustlib/src/rust)
  work=$(mktemp -d)
  compile_std "$work" "$source"

  llvm=$(llvm_major)
  rm -rf "$toolchain"
  mkdir -p "$toolchain/bin" "$toolchain/lib/rustlib/$target/lib" "$toolchain/lib/rustlib/$host/bin"
  find "$work/target/$target/release/deps" -name '*.rlib' ! -name 'libstdbuild*' \
    -exec cp {} "$toolchain/lib/rustlib/$target/lib/" \;
  ln -s "/usr/lib/rustlib/$host/lib" "$toolchain/lib/rustlib/$host/lib"
  ln -s "/usr/lib/llvm-$llvm/bin/lld" "$toolchain/lib/rustlib/$host/bin/rust-lld"
  for tool in rustc rustdoc; do
    printf '#!/bin/sh\nexec /usr/bin/%s --sysroot "%s" "$@"\n' "$tool" "$toolchain" >"$toolchain/bin/$tool"
    chmod +x "$toolchain/bin/$tool"
  done
  ln -s /usr/bin/cargo "$toolchain/bin/cargo"
  printf '%s\n' "$stamp" >"$toolchain/stamp"
  rm -rf "$work"
}

link_toolchain() {
  if command -v rustup >/dev/null; then rustup -q toolchain link rust-wasm "$toolchain"; fi
}

# install_tool CRATE VERSION [CARGO OPTIONS]: CRATE's programs into bin, unless they are there.
install_tool() {
  local crate=$1 version=$2 program=${1%-cli}
  shift 2
  if [ "$("$prefix/bin/$program" --version 2>/dev/null | awk '{print $2}')" = "$version" ]; then return; fi
  cargo "+$host_toolchain" install -q --locked --root "$prefix" --version "=$version" "$crate" "$@"
}

install_wasm_opt() {
  if [ "$("$prefix/bin/wasm-opt" --version 2>/dev/null | awk '{print $3}')" = "${binaryen_version%%.*}" ]; then return; fi
  npm install --silent --prefix "$prefix/npm" "binaryen@$binaryen_version"
  ln -sf "$prefix/npm/node_modules/.bin/wasm-opt" "$prefix/bin/wasm-opt"
}

mkdir -p "$prefix/bin"
install_compiler
install_linker
build_toolchain
link_toolchain
install_tool wasm-bindgen-cli "$wasm_bindgen_version" --bin wasm-bindgen --bin wasm-bindgen-test-runner
install_tool wasm-pack "$wasm_pack_version"
install_wasm_opt

"$toolchain/bin/rustc" -V
test -d "$("$toolchain/bin/rustc" --target "$target" --print target-libdir)"
"$prefix/bin/wasm-bindgen" --version
"$prefix/bin/wasm-pack" --version
"$prefix/bin/wasm-opt" --version
