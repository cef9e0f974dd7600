#!/bin/sh
# Builds the hooks in AssemblyScript into the file named by the first argument.
set -eu
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
. ../../../../../sdk/assemblyscript/toolchain.sh
with_asc ../../../../../sdk/assemblyscript
exec node "$asc" hooks.ts -o "$out"
