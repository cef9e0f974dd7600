#!/bin/sh
# Builds the conform plugin into the file named by the first argument, with
# the runtime of the language named by the second: stub or incremental.
cd "$(dirname "$0")" || exit 1
asc=../../../sdk/assemblyscript/node_modules/assemblyscript/bin/asc.js
command -v node >/dev/null && [ -f "$asc" ] ||
    { echo "asc is missing: apt install nodejs npm, npm ci --prefix sdk/assemblyscript" >&2; exit 127; }
exec node "$asc" conform.ts -o "$1" --runtime "$2"
