#!/bin/sh
# Tests headers.rs on this machine.
dir=$(dirname "$0")
exec sh "$dir/../../sdk/rust/test.sh" "$dir/headers.rs"
