#!/bin/sh
# Builds the hooks in every language and packs them into wasm/, from where the
# program embeds them.
set -eu
cd "$(dirname "$0")"
for language in c assemblyscript rust go; do
    sh "$language/build.sh" "wasm/$language.wasm"
    gzip -9 -n -f "wasm/$language.wasm"
done
