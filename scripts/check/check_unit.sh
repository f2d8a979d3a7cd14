#!/usr/bin/env bash
# Runs deploy/edgecap.service under a separate systemd, in a container without network: started at boot, asked for a
# caption, stopped, started with the drop-in of docs/operate.md, and killed.
# usage: bash scripts/check/check_unit.sh
# Run "bun run compile" first. Needs root, and Debian's debootstrap and systemd-container.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
root="$scratch/root"
debootstrap --variant=minbase --include=systemd,curl bookworm "$root" >"$scratch/log" || { tail "$scratch/log"; exit 1; }
install -m 755 dist/edgecap "$root/usr/local/bin/edgecap"
install -m 644 deploy/edgecap.service "$root/etc/systemd/system/edgecap.service"
cp examples/china.jpg "$root/photo.jpg"
sed -n '/^```ini$/,/^```$/{/^```/d;p}' docs/operate.md >"$root/override.conf"

cat >"$root/check.sh" <<'INSIDE'
#!/bin/bash
set -euo pipefail
exec >/result.txt 2>&1
ready() {
  for _ in $(seq 300); do edgecap healthcheck http://127.0.0.1:3000/readyz >/dev/null 2>&1 && return; sleep 0.2; done
  echo "It did not become ready."; false
}
pid() { systemctl show --property MainPID --value edgecap; }
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@" http://127.0.0.1:3000/v1/models; }
ready
curl --silent --fail --header "accept: text/plain" --header "content-type: image/jpeg" --data-binary @/photo.jpg http://127.0.0.1:3000/v1/captions
grep --extended-regexp '^(Uid|CapEff|NoNewPrivs|Seccomp):' "/proc/$(pid)/status"
test "$(awk '/^Uid:/ { print $2 }' "/proc/$(pid)/status")" != 0
test "$(awk '/^CapEff:/ { print $2 }' "/proc/$(pid)/status")" = 0000000000000000
nsenter --target "$(pid)" --mount touch /here 2>/dev/null && { echo "Its file system is writable."; exit 1; }
systemctl stop edgecap
test "$(systemctl show --property Result --value edgecap)" = success
mkdir -p /etc/edgecap /etc/systemd/system/edgecap.service.d
install -m 600 /dev/stdin /etc/edgecap/tokens <<<"a-token"
cp /override.conf /etc/systemd/system/edgecap.service.d/
systemctl daemon-reload
systemctl start edgecap
ready
test "$(status)" = 401
test "$(status --header "authorization: Bearer a-token")" = 200
kill -KILL "$(pid)"
sleep 2
ready
test "$(systemctl show --property NRestarts --value edgecap)" = 1
echo passed
INSIDE
cat >"$root/etc/systemd/system/check.service" <<'UNIT'
[Unit]
After=edgecap.service
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'bash /check.sh; systemctl poweroff'
UNIT
for unit in edgecap check; do
  ln -s "/etc/systemd/system/$unit.service" "$root/etc/systemd/system/multi-user.target.wants/$unit.service"
done
timeout 600 systemd-nspawn --quiet --register=no --keep-unit --private-network --directory "$root" --boot >"$scratch/log" 2>&1 || true
cat "$root/result.txt"
tail -1 "$root/result.txt" | grep --quiet '^passed$'
