#!/usr/bin/env bash
# Builds the native addon of @tensorflow/tfjs-node against the libraries of the PyPI wheel tensorflow_cpu,
# for machines that can only reach package registries. Elsewhere `npm rebuild @tensorflow/tfjs-node` is enough.
#
# usage: scripts/model/setup_tfjs_node.sh     in a checkout after `bun install`; needs g++, pip, unzip and Node's headers
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
package=$root/node_modules/@tensorflow/tfjs-node
wheel_version=2.15.1
headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")/include/node

test -d "$package" || { echo "Run 'bun install' first: $package is missing." >&2; exit 1; }
test -f "$headers/node_api.h" || { echo "Node's headers are missing at $headers." >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip download --quiet --no-deps --python-version 3.10 --only-binary=:all: --dest "$work" "tensorflow_cpu==$wheel_version"
unzip -q "$work"/tensorflow_cpu-*.whl 'tensorflow/include/*' 'tensorflow/libtensorflow*' -d "$work"

rm -rf "$package/deps"
mkdir -p "$package/deps/lib" "$package/lib/napi-v8"
mv "$work/tensorflow/include" "$package/deps/include"
mv "$work"/tensorflow/libtensorflow*.so.2 "$package/deps/lib/"
ln -s libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
ln -s libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"

# What the package's binding.gyp does, without node-gyp's own downloads.
cd "$package"
g++ -O2 -std=c++17 -fPIC -shared -DNAPI_VERSION=8 -I.. -Ideps/include -I"$headers" \
  binding/tfjs_backend.cc binding/tfjs_binding.cc -Ldeps/lib -ltensorflow -ltensorflow_framework \
  -Wl,-rpath,'$ORIGIN/../../deps/lib' -o lib/napi-v8/tfjs_binding.node
echo "Built $package/lib/napi-v8/tfjs_binding.node"
