#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
cd "$(dirname "$0")" || exit 1
. ../../sdk/assemblyscript/toolchain.sh
with_asc ../../sdk/assemblyscript
exec node "$asc" headers.ts -o "${1:-headers.wasm}"
