#!/bin/sh
# Builds the conform plugin into the file named by the first argument, with
# the runtime of the language named by the second: stub or incremental.
cd "$(dirname "$0")" || exit 1
. ../../../sdk/assemblyscript/toolchain.sh
with_asc ../../../sdk/assemblyscript
exec node "$asc" conform.ts -o "$1" --runtime "$2"
