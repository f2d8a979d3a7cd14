#!/usr/bin/env bash
# Records what HTTP libraries really send, over loopback, into test/fixtures/requests, one file per request.
#
# Needs python with requests, httpx and aiohttp, go, java, node, curl and wget. PYTHON names the python.
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
trap 'kill $recorder' EXIT
sleep 1
"$python" "$here/client.py" "$url" "$photo"
(cd "$here" && go run client.go "$url" "$photo" && java Client.java "$url" "$photo")
node "$here/client.mjs" "$url" "$photo"
bash "$here/client.sh" "$url" "$photo"
"$python" "$here/dotnet.py" "$photo" "$out/dotnet-file.bin"
