package js

import (
	"crypto/sha256"
	_ "embed" // the engine
	"encoding/hex"
	"fmt"
)

// Digest is the sha256 of the engine: quickjs.wasm of the npm package
// quickjs-wasi 3.6.2, which is QuickJS-ng 0.17.0. The script fetch.sh brings
// it here.
const Digest = "d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9"

// engine is never written to.
//
//go:embed quickjs.wasm
var engine []byte

// Engine returns the engine, a WebAssembly module, after its digest was
// checked. It must not be written to.
func Engine() ([]byte, error) {
	sum := sha256.Sum256(engine)
	if got := hex.EncodeToString(sum[:]); got != Digest {
		return nil, fmt.Errorf("the engine quickjs.wasm was changed: sha256 is %s, want %s", got, Digest)
	}
	return engine, nil
}
