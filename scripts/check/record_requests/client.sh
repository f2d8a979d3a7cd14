#!/usr/bin/env bash
# client.sh URL PHOTO: what curl and wget send
set -euo pipefail
url="$1/v1/captions"
curl -s -H "x-client: curl-data" --data-binary "@$2" "$url" > /dev/null
curl -s -H "x-client: curl-file" -F "image=@$2" -F beams=2 "$url" > /dev/null
curl -s -H "x-client: curl-upload" -X POST -T "$2" "$url" > /dev/null
curl -s -0 -H "x-client: curl-http10" -H "content-type: image/png" -H "host:" --data-binary "@$2" "$url" > /dev/null
curl -s -H "x-client: curl-expect" -H "expect: 100-continue" -H "content-type: image/png" --data-binary "@$2" "$url" > /dev/null
wget -q -O /dev/null --header "x-client: wget-body" --post-file "$2" "$url"
