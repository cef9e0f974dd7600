#!/bin/sh
# Runs the tests of the SDK.
cd "$(dirname "$0")" || exit 1
. ./toolchain.sh
with_asc .
npm --version >/dev/null 2>&1 || { echo "npm is missing: apt install npm" >&2; exit 127; }
exec npm test --silent
