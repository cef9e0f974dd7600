#!/bin/sh
# Builds a plugin with rustc alone: build.sh SOURCE OUT [TARGET].
set -eu
sdk=$(cd "$(dirname "$0")" && pwd)
. "$sdk/toolchain.sh"
target=${3:-wasm32-unknown-unknown}
with_target "$target"
with_linker
lib=$(mktemp -d)
trap 'rm -rf "$lib"' EXIT
root=$(cd "$(dirname "$1")" && pwd)
compile() {
    # shellcheck disable=SC2086 # flags of the linker are several words
    "$rustc" --edition 2021 --target "$target" -D warnings -C opt-level=s -C panic=abort -C codegen-units=1 \
        --remap-path-prefix "$sdk=sallyport" --remap-path-prefix "$root=." $linker "$@"
}
compile --crate-name sallyport --crate-type rlib --out-dir "$lib" "$sdk/src/lib.rs"
compile --crate-name plugin --crate-type cdylib -C lto -C strip=symbols \
    --extern "sallyport=$lib/libsallyport.rlib" -o "$2" "$root/$(basename "$1")"
