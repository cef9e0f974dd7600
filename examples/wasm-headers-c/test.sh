#!/bin/sh
# Tests headers.c on this machine, with ${CC:-cc}.
set -eu
cd "$(dirname "$0")"
. ../../sdk/c/toolchain.sh
with_cc
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$cc" -std=c99 -Wall -Wextra -I../../sdk/c -o "$out" headers_test.c
"$out"
