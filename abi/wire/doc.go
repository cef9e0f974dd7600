// Package wire gives an exchange its two JSON shapes: the objects of Tyk's
// JavaScript middleware (files tyk_*.go), and the messages of the process
// protocol (files rpc_*.go, specified in abi/COPROC.md).
//
// Both directions are strict: nothing is applied to an exchange before the
// whole answer has been decoded and checked.
package wire
