#!/bin/sh
# Builds the hooks in Rust into the file named by the first argument.
dir=$(dirname "$0")
exec sh "$dir/../../../../../sdk/rust/build.sh" "$dir/hooks.rs" "$1"
