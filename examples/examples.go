// Package examples embeds the example plugins that the demo runs, so that the
// program needs no file beside it.
package examples

import _ "embed"

// HeadersWasm is the header hook in C: wasm-headers-c/headers.c, compiled.
//
//go:embed wasm-headers-c/headers.wasm
var HeadersWasm []byte

// HeadersJS is the header hook as legacy JavaScript middleware.
//
//go:embed jsvm-headers/headers.js
var HeadersJS []byte
