#!/bin/sh
# Builds the test guest named by the first argument into the file named by the
# second.
cd "$(dirname "$0")" || exit 1
asc=node_modules/assemblyscript/bin/asc.js
command -v node >/dev/null && [ -f "$asc" ] ||
    { echo "asc is missing: apt install nodejs npm, npm ci --prefix sdk/assemblyscript" >&2; exit 127; }
exec node "$asc" "test/guests/$1.ts" -o "$2"
