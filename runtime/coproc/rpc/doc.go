// Package rpc encodes and decodes the messages of the process protocol, which
// abi/COPROC.md specifies: frames, dispatches of an exchange, and the results
// of handlers.
//
// Both directions are strict: nothing is applied to an exchange before the
// whole result of a handler has been decoded and checked.
package rpc
