#!/bin/sh
# Builds the hooks in AssemblyScript into the file named by the first argument.
set -eu
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
asc=../../../../../sdk/assemblyscript/node_modules/assemblyscript/bin/asc.js
command -v node >/dev/null && [ -f "$asc" ] ||
    { echo "asc is missing: apt install nodejs npm, npm ci --prefix sdk/assemblyscript" >&2; exit 127; }
exec node "$asc" hooks.ts -o "$out"
