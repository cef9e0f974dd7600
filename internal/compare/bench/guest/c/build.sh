#!/bin/sh
# Builds the hooks in C into the file named by the first argument.
set -eu
dir=$(cd "$(dirname "$0")" && pwd)
sdk="$dir/../../../../../sdk/c"
. "$sdk/toolchain.sh"
with_wasm_clang --target=wasm32 -nostdlib -Wl,--no-entry
exec "$cc" --target=wasm32 -nostdlib -O2 -Wall -Wextra -I"$sdk" \
    -Wl,--no-entry -Wl,--strip-all -o "$1" "$dir/hooks.c"
