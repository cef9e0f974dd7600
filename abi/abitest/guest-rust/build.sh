#!/bin/sh
# Builds the conform plugin into the file named by the first argument, for the
# target named by the second (wasm32-unknown-unknown).
dir=$(dirname "$0")
exec sh "$dir/../../../sdk/rust/build.sh" "$dir/conform.rs" "$@"
