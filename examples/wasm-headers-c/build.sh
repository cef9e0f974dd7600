#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
cd "$(dirname "$0")" || exit 1
cc=${WASM_CC:-clang-19}
command -v "$cc" >/dev/null || { echo "$cc is missing: apt install clang-19 lld-19" >&2; exit 127; }
exec "$cc" --target=wasm32 -nostdlib -O2 -Wall -Wextra -I../../sdk/c \
    -Wl,--no-entry -Wl,--strip-all -o "${1:-headers.wasm}" headers.c
