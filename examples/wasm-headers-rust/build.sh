#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
dir=$(dirname "$0")
exec sh "$dir/../../sdk/rust/build.sh" "$dir/headers.rs" "${1:-$dir/headers.wasm}"
