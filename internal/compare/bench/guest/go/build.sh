#!/bin/sh
# Builds the hooks in Go into the file named by the first argument.
set -eu
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
GOOS=wasip1 GOARCH=wasm exec go build -trimpath -buildvcs=false -buildmode=c-shared \
    -ldflags="-s -w" -o "$out" .
