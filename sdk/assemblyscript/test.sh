#!/bin/sh
# Runs the tests of the SDK.
cd "$(dirname "$0")" || exit 1
command -v npm >/dev/null && [ -d node_modules/assemblyscript ] ||
    { echo "asc is missing: apt install nodejs npm, npm ci --prefix sdk/assemblyscript" >&2; exit 127; }
exec npm test --silent
