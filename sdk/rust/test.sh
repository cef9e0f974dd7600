#!/bin/sh
# Runs the unit tests of the crate on this machine, or those of the plugin that
# is named, with rustc alone. Where cargo is installed, cargo test does the same.
set -eu
sdk=$(cd "$(dirname "$0")" && pwd)
rustc=${RUSTC:-rustc}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
echo 'fn main() {}' | "$rustc" -o "$out/probe" - 2>/dev/null ||
    { echo "$rustc, or cc, which it links with, is missing or incomplete: apt install rustc gcc libc6-dev" >&2; exit 127; }
"$rustc" --edition 2021 -D warnings --crate-type rlib --crate-name sallyport --out-dir "$out" "$sdk/src/lib.rs"
"$rustc" --edition 2021 -D warnings --test --extern "sallyport=$out/libsallyport.rlib" -o "$out/tests" \
    "${1:-$sdk/tests/sdk.rs}"
"$out/tests" -q
[ $# -gt 0 ] && exit
# The examples of the documentation.
rustdoc=${rustc%rustc}rustdoc
command -v "$rustdoc" >/dev/null || exit 0
"$rustdoc" --test --edition 2021 --crate-name sallyport --extern "sallyport=$out/libsallyport.rlib" \
    --test-args -q "$sdk/src/lib.rs"
