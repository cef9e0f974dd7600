#!/bin/sh
# Builds the test guest named by the first argument into the file named by the
# second.
cd "$(dirname "$0")" || exit 1
. ./toolchain.sh
with_asc .
exec node "$asc" "test/guests/$1.ts" -o "$2"
