#!/bin/sh
# Builds the hooks in C into the file named by the first argument.
set -eu
dir=$(cd "$(dirname "$0")" && pwd)
cc=${WASM_CC:-clang-19}
command -v "$cc" >/dev/null || { echo "$cc is missing: apt install clang-19 lld-19" >&2; exit 127; }
exec "$cc" --target=wasm32 -nostdlib -O2 -Wall -Wextra -I"$dir/../../../../../sdk/c" \
    -Wl,--no-entry -Wl,--strip-all -o "$1" "$dir/hooks.c"
