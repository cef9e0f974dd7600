#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
cd "$(dirname "$0")" || exit 1
exec "${CC:-clang-19}" --target=wasm32 -nostdlib -O2 \
    -Wl,--no-entry -Wl,--strip-all -o "${1:-headers.wasm}" headers.c
