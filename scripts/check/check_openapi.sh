#!/usr/bin/env bash
# Runs schemathesis, a property tester, against a server with the tiny bundle. It makes good and bad requests from
# /openapi, and checks that every answer is documented.
# usage: bash scripts/check/check_openapi.sh [EXAMPLES]   (examples per route; default 30)
# Exits with 77 if schemathesis cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
examples="${1:-30}"
venv=.cache/schemathesis
if ! test -x "$venv/bin/schemathesis"; then
  if ! python3 -m venv "$venv"; then
    echo "Python has no venv here"
    exit 77
  fi
  if ! "$venv/bin/pip" install --quiet schemathesis==4.32.5; then
    echo "schemathesis cannot be installed here"
    exit 77
  fi
fi
scratch="$(mktemp -d)"
# The server lives for as long as its standard input is open.
mkfifo "$scratch/input"
exec 3<>"$scratch/input"
bun scripts/bench/server/server_process.ts '{"tiny": true, "workers": 1, "maxBodyBytes": 1048576}' >"$scratch/url" <&3 3<&- &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
for _ in $(seq 600); do
  test -s "$scratch/url" && break
  sleep 0.1
done
# Excluded: ignored_auth, because there are no tokens; positive_data_acceptance, because a schema cannot say which bytes
# are a picture or that topK needs a temperature; unsupported_method, because test/server covers it.
"$venv/bin/schemathesis" run "$(head -1 "$scratch/url")/openapi" --url "$(head -1 "$scratch/url")" \
  --max-examples "$examples" --checks all --exclude-checks ignored_auth,positive_data_acceptance,unsupported_method \
  --generation-deterministic --workers 1 --no-color
