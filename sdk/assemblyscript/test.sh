#!/bin/sh
# Runs the tests of the SDK.
cd "$(dirname "$0")" || exit 1
. ./toolchain.sh
with_asc .
exec node run-tests.js
