#!/bin/sh
# Builds a guest: build.sh NAME OUT [libc]. Without "libc" it has no library at
# all, and with it wasi-libc.
cd "$(dirname "$0")" || exit 1
. ../../../sdk/c/toolchain.sh
name=$1 out=$2
if [ "${3:-}" = libc ]; then
    set -- --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor
else
    set -- --target=wasm32 -nostdlib -Wl,--no-entry
fi
with_wasm_clang "$@"
exec "$cc" "$@" -std=c99 -pedantic -Wall -Wextra -Werror -O2 -I../../../sdk/c \
    -Wl,--strip-all -o "$out" "$name.c"
