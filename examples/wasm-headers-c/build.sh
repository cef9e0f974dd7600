#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
cd "$(dirname "$0")" || exit 1
. ../../sdk/c/toolchain.sh
with_wasm_clang --target=wasm32 -nostdlib -Wl,--no-entry
exec "$cc" --target=wasm32 -nostdlib -O2 -Wall -Wextra -I../../sdk/c \
    -Wl,--no-entry -Wl,--strip-all -o "${1:-headers.wasm}" headers.c
