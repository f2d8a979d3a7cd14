#!/usr/bin/env bash
# Builds deploy/Containerfile and runs the image as its configuration says: read-only, without capabilities and network.
# usage: bash scripts/check/check_container.sh
# Run "bun run compile" first. Needs root, and Debian's buildah, runc and debootstrap.
# Without an image registry, debootstrap makes a replacement of debian:12-slim.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch="$(mktemp -d)"
build() { buildah --root "$scratch/images" --runroot "$scratch/run" --storage-driver vfs "$@"; }
contain() { runc --root "$scratch/containers" "$@"; }
finish() {
  contain delete --force edgecap-check 2>/dev/null || true
  build umount --all >/dev/null 2>&1 || true
  rm -rf "$scratch"
}
trap finish EXIT
if ! build pull --quiet debian:12-slim 2>/dev/null; then
  debootstrap --variant=minbase bookworm "$scratch/debian" >"$scratch/log" || { tail "$scratch/log"; exit 1; }
  base="$(build from scratch)"
  build add --quiet "$base" "$scratch/debian" / >/dev/null
  build commit --quiet "$base" debian:12-slim >/dev/null
fi
build build --quiet --isolation chroot --pull-never --format docker --file deploy/Containerfile --tag edgecap-check . >/dev/null
build images --format '{{.Size}}' edgecap-check
image="$(build from --pull-never localhost/edgecap-check:latest)"
mkdir "$scratch/bundle"
cd "$scratch/bundle"
contain spec
# Runs what the image's own configuration says.
python3 - "$(build mount "$image")" "$(build inspect --type image localhost/edgecap-check)" <<'PYTHON'
import json, sys
image = json.loads(sys.argv[2])["Docker"]["config"]
spec = json.load(open("config.json"))
user, group = map(int, image["User"].split(":"))
process = spec["process"]
process.update(terminal=False, noNewPrivileges=True, args=image["Entrypoint"] + image["Cmd"], env=image["Env"])
process["user"] = {"uid": user, "gid": group}
process["capabilities"] = {kind: [] for kind in process["capabilities"]}
spec["root"] = {"path": sys.argv[1], "readonly": True}
json.dump(spec, open("config.json", "w"))
open("health", "w").write("\n".join(image["Healthcheck"]["Test"][1:]))
PYTHON
contain run edgecap-check >out 2>err &
mapfile -t health <health
for _ in $(seq 300); do
  contain exec edgecap-check /usr/local/bin/edgecap healthcheck http://127.0.0.1:3000/readyz >/dev/null 2>&1 && break
  sleep 0.2
done
contain exec edgecap-check "${health[@]}"
pid="$(contain state edgecap-check | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')"
grep --extended-regexp '^(Uid|CapEff|NoNewPrivs|VmRSS):' "/proc/$pid/status"
nsenter --target "$pid" --net curl --silent --fail --header "accept: text/plain" --header "content-type: image/jpeg" \
  --data-binary "@$OLDPWD/examples/china.jpg" http://127.0.0.1:3000/v1/captions
contain kill edgecap-check TERM
wait $!
echo passed
