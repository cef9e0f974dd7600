#!/bin/sh
# Tests headers.c on this machine, with ${CC:-cc}.
set -eu
cd "$(dirname "$0")"
cc=${CC:-cc}
command -v "$cc" >/dev/null || { echo "$cc is missing: apt install gcc libc6-dev" >&2; exit 127; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$cc" -std=c99 -Wall -Wextra -I../../sdk/c -o "$out" headers_test.c
"$out"
