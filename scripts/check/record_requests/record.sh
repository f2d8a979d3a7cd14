#!/usr/bin/env bash
# Records what HTTP libraries really send, over loopback, into test/fixtures/requests, one file per request.
#
# Needs python with requests, httpx, aiohttp and httpie, go, java, node, cargo, curl and wget. PYTHON names the python.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
photo="$root/test/fixtures/images/grey.png"
out="$root/test/fixtures/requests"
url="http://127.0.0.1:4900"
python="${PYTHON:-python3}"
mkdir -p "$out"
"$python" "$here/recorder.py" 4900 "$out" &
recorder=$!
rust="$(mktemp -d)"
trap 'kill $recorder; rm -rf "$rust"' EXIT
sleep 1
"$python" "$here/client.py" "$url" "$photo"
(cd "$here" && go run client.go "$url" "$photo" && java Client.java "$url" "$photo")
node "$here/client.mjs" "$url" "$photo"
bash "$here/client.sh" "$url" "$photo"
"$python" -m httpie --check-status POST "$url/v1/captions" X-Client:httpie-body <"$photo"
"$python" -m httpie --ignore-stdin --form POST "$url/v1/captions" X-Client:httpie-file beams=2 "image@$photo"
cargo init --quiet --name client "$rust"
cp "$here/client.rs" "$rust/src/main.rs"
(
  cd "$rust"
  cargo add --quiet async-openai@=0.43.0 --features chat-completion
  cargo add --quiet reqwest@=0.13.5 --no-default-features --features multipart,stream
  cargo add --quiet ureq@=3.5.2 --no-default-features
  cargo add --quiet tokio@1 --features macros,rt
  cargo add --quiet futures@0.3 serde_json@1
  cargo run --quiet -- "$url" "$photo"
)
"$python" "$here/dotnet.py" "$photo" "$out"

# Libraries for structured output: in STRUCTURED, a folder with a python environment `v` and the packages of npm.
if [ -n "${STRUCTURED:-}" ]; then
  mkdir -p "$out/structured"
  "$python" "$here/recorder.py" 4901 "$out/structured" &
  structured=$!
  trap 'kill $recorder $structured; rm -rf "$rust"' EXIT
  sleep 1
  "$STRUCTURED/v/bin/python" "$here/structured.py" http://127.0.0.1:4901 "$photo"
  cp "$here/structured.mjs" "$STRUCTURED"
  (cd "$STRUCTURED" && node structured.mjs http://127.0.0.1:4901 "$photo")
fi
