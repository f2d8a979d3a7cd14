#!/usr/bin/env bash
# Fuzzes the picture decoder with cargo-fuzz, guided by coverage.
#
# usage: scripts/check/fuzz_pictures.sh [SECONDS_FOR_EACH_TARGET] [TARGET...]
#
# Without arguments each of the seven targets has 17 seconds: two minutes, for continuous integration. The long form is
# any larger number. Begins from the pictures of test/fixtures/images; what it finds of use stays in fuzz/corpus, and what
# breaks in fuzz/artifacts. Needs a nightly Rust, a C++ compiler, and cargo-fuzz (cargo install cargo-fuzz --locked).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-17}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(jpeg png webp gif bmp header orientation); fi

cd "$root/wasm-image/fuzz"
seeds=$root/test/fixtures/images
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target"
  case $target in
  jpeg) cp "$seeds"/*.jpg "corpus/$target/" ;;
  header | orientation) cp "$seeds"/*.{jpg,png,webp,gif,bmp} "corpus/$target/" ;;
  *) cp "$seeds"/*."$target" "corpus/$target/" ;;
  esac
  nice -n 19 cargo +nightly fuzz run -O "$target" -- \
    -max_total_time="$seconds" -max_len=8192 -timeout=2 -rss_limit_mb=700 -print_final_stats=1
done
