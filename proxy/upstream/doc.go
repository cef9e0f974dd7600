// Package upstream holds the connections to the servers that requests are sent
// to: their pool, and the strict reading of replies.
//
// A fasthttp HostClient cannot tell a pooled connection from a fresh one,
// repeats requests by its own rules, keeps a deadline over streamed bodies and
// owns goroutines that nobody can wait for. This package does none of that.
package upstream
