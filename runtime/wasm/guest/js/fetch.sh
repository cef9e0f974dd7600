#!/bin/sh
# Brings the engine of the sandbox's JavaScript here: quickjs.wasm and its
# licence, out of the npm package of a pinned version. Needs npm.
set -eu

package=quickjs-wasi
version=3.6.2
integrity=sha512-FCqGtGOrMgzUiIrMNMA2YnsOxCNwo31dzqXvclXUC6xeT35NJLKXQJsvbeCTjvoFAwZgEAPg8U6+KAPDGXn8Mg==
digest=d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
npm pack --silent "$package@$version" >name
archive=$(cat name)
got=sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
if [ "$got" != "$integrity" ]; then
	echo "fetch: integrity of $package@$version is $got, want $integrity" >&2
	exit 1
fi
tar -xzf "$archive"
echo "$digest  package/quickjs.wasm" | sha256sum -c - >&2
cp package/quickjs.wasm "$here/quickjs.wasm"
cp package/LICENSE "$here/LICENSE.quickjs-wasi"
chmod 644 "$here/quickjs.wasm" "$here/LICENSE.quickjs-wasi"
