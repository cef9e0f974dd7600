// Package js runs JavaScript plugins in the sandbox, on an engine that is
// itself a WebAssembly guest.
package js
