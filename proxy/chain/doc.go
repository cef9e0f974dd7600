// Package chain runs the plugins of one API in the order of their hooks.
//
// It opens a transaction on the exchange for every call, commits it when the
// plugin succeeded and discards it when it did not, applies the fault policy
// and keeps counts and timings. It knows no HTTP library: the proxy fills the
// exchange before and carries out its result after.
//
// # Concurrency
//
// A [Chain] is immutable and serves any number of requests at once; each
// exchange belongs to one goroutine.
package chain
