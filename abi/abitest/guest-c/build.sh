#!/bin/sh
# Builds the conform plugin into the file named by the first argument: without
# any library, or with wasi-libc if the second is "libc".
cd "$(dirname "$0")" || exit 1
cc=${CC:-clang-19}
command -v "$cc" >/dev/null || { echo "$cc is missing: apt install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32" >&2; exit 127; }
if [ "${2:-}" = libc ]; then
    set -- "$1" --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor
else
    set -- "$1" --target=wasm32 -nostdlib -Wl,--no-entry
fi
out=$1
shift
exec "$cc" "$@" -std=c99 -pedantic -Wall -Wextra -Werror -O2 -I../../../sdk/c \
    -Wl,--strip-all -o "$out" conform.c
