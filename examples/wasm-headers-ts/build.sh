#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
cd "$(dirname "$0")" || exit 1
asc=../../sdk/assemblyscript/node_modules/assemblyscript/bin/asc.js
command -v node >/dev/null && [ -f "$asc" ] ||
    { echo "asc is missing: apt install nodejs npm, npm ci --prefix sdk/assemblyscript" >&2; exit 127; }
exec node "$asc" headers.ts -o "${1:-headers.wasm}"
