#!/bin/sh
# Builds headers.wasm, or the file named by the first argument.
cd "$(dirname "$0")" || exit 1
GOOS=wasip1 GOARCH=wasm exec go build -trimpath -buildmode=c-shared \
    -ldflags="-s -w" -o "${1:-headers.wasm}" .
