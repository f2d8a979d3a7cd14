#!/usr/bin/env bash
# Looks for misspelt words with typos; typos.toml lists the exceptions. Exits with 77 if it cannot be installed here.
# usage: bash scripts/check/check_spelling.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.cache/typos
if ! "$venv/bin/typos" --version 2>/dev/null | grep --quiet --fixed-strings "1.52.0"; then
  if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check typos==1.52.0; } >&2; then
    echo "typos cannot be installed here (Python with venv and pip)"
    exit 77
  fi
fi
"$venv/bin/typos"
