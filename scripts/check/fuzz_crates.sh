#!/usr/bin/env bash
# Fuzzes the Rust crates with libFuzzer, guided by coverage: picture decoding, tokenizer, vocabulary, search, retrieval.
#
# usage: scripts/check/fuzz_crates.sh [SECONDS_FOR_EACH_TARGET] [TARGET...]
#
# Without arguments, all targets together run for less than a minute; give more seconds for a longer run. It starts from
# the pictures of test/fixtures/images. Useful inputs stay in CRATE/fuzz/corpus, and inputs that fail in
# CRATE/fuzz/artifacts. It needs cargo and a C++ compiler, but not nightly Rust: the flags are those of cargo-fuzz,
# without AddressSanitizer. The targets have the layout of cargo-fuzz, so `cargo +nightly fuzz run` works as well.
# Exits with 77 if cargo or a C++ compiler is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

images=(jpeg png webp gif bmp header orientation cut)
texts=(tokenizer vocabulary search retrieval)
seconds=${1:-4}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=("${images[@]}" "${texts[@]}"); fi

for program in cargo c++; do
  if ! command -v "$program" >/dev/null; then
    echo "$program is not on the PATH"
    exit 77
  fi
done

host=$(rustc -vV | sed -n 's/^host: //p')
# With these flags, libFuzzer sees which branches were taken and what was compared. Overflows stop the target.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cdebug-assertions \
  -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"

crate_of() {
  case " ${images[*]} " in
  *" $1 "*) echo crates/image ;;
  *) echo crates/text ;;
  esac
}

# seed TARGET FOLDER: writes the inputs that the target starts from.
seed() {
  local pictures=test/fixtures/images
  case $1 in
  jpeg) cp "$pictures"/*.jpg "$2" ;;
  png | webp | gif | bmp) cp "$pictures"/*."$1" "$2" ;;
  header | orientation) cp "$pictures"/*.{jpg,png,webp,gif,bmp} "$2" ;;
  cut) for file in "$pictures"/*.{jpg,png,webp,gif,bmp}; do { printf '\2\0'; cat "$file"; } >"$2/$(basename "$file")"; done ;;
  tokenizer) head -n 400 test/text/spacy_cases.jsonl | split -l 1 -a 3 - "$2/case-" ;;
  vocabulary) head -n 40 models/default/vocabulary.txt >"$2/vocabulary" ;;
  esac
}

for crate in crates/image crates/text; do
  # scripts/build/cargo_lock.ts makes it from the committed Cargo.lock.txt.
  test -f "$crate/fuzz/Cargo.lock" || bun scripts/build/cargo_lock.ts restore "$crate/fuzz"
  (cd "$crate/fuzz" && cargo build --quiet --locked --release --target "$host")
done
broken=0
for target in "${targets[@]}"; do
  crate=$(crate_of "$target")
  corpus=$crate/fuzz/corpus/$target
  artifacts=$crate/fuzz/artifacts/$target
  # The time includes waiting for the processor: on a busy machine, a run of two seconds is not a hang.
  # Texts are slow to read in a debugging build, and short ones reach every rule.
  longest=8192
  if [ "$crate" = crates/text ]; then longest=512; fi
  mkdir -p "$corpus" "$artifacts"
  seed "$target" "$corpus"
  echo "$target"
  nice -n 19 "$crate/fuzz/target/$host/release/$target" "$corpus" -max_total_time="$seconds" -max_len=$longest \
    -timeout=30 -rss_limit_mb=600 -print_final_stats=1 -artifact_prefix="$artifacts/" >"$artifacts/log" 2>&1 || {
    broken=1
    tail -n 40 "$artifacts/log"
  }
  grep -E '^(stat::number_of_executed_units|stat::peak_rss_mb)' "$artifacts/log" || true
done
exit $broken
