#!/bin/sh
# Builds a guest: build.sh NAME OUT [libc]. Without "libc" it has no library at
# all, and with it wasi-libc.
cd "$(dirname "$0")" || exit 1
cc=${WASM_CC:-clang-19}
command -v "$cc" >/dev/null || { echo "$cc is missing: apt install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32" >&2; exit 127; }
name=$1 out=$2
if [ "${3:-}" = libc ]; then
    set -- --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor
else
    set -- --target=wasm32 -nostdlib -Wl,--no-entry
fi
exec "$cc" "$@" -std=c99 -pedantic -Wall -Wextra -Werror -O2 -I../../../sdk/c \
    -Wl,--strip-all -o "$out" "$name.c"
