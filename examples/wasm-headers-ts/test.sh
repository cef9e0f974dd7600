#!/bin/sh
# Tests headers.wasm against the SDK's fake of the gateway.
cd "$(dirname "$0")" || exit 1
node --version >/dev/null 2>&1 || { echo "node is missing: apt install nodejs" >&2; exit 127; }
exec node --test
