#!/bin/sh
# Builds a guest: build.sh NAME OUT [TARGET]. The target is
# wasm32-unknown-unknown unless given.
dir=$(dirname "$0")
name=$1
shift
exec sh "$dir/../../../sdk/rust/build.sh" "$dir/$name.rs" "$@"
