#!/bin/sh
# Runs the unit tests of the header on this machine, with ${CC:-cc}.
set -eu
cd "$(dirname "$0")"
. ./toolchain.sh
with_cc -fsanitize=address,undefined
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$cc" -std=c99 -pedantic -Wall -Wextra -Werror -O1 -g -fsanitize=address,undefined \
    -fno-sanitize-recover=all -o "$out/sdk_test" test/sdk_test.c test/other_file.c
ASAN_OPTIONS=detect_leaks=0 "$out/sdk_test"
