// Package wasm runs plugins compiled to WebAssembly in a sandbox on wazero.
//
// # The life of a plugin
//
// [Runtime.Load] reads the file, checks its digest before anything parses it,
// compiles it, checks every import against what the sandbox offers, and starts
// one instance. A plugin that loads can run. What a plugin implements is read
// from its exports, and which bodies it needs from its imports; see the
// package native for the guest ABI.
//
// # Instances
//
// An instance has its own memory and globals and serves one call at a time.
// Plugins in mode [abi.Fresh] get an instance that nobody used before, made
// ahead of the request where possible, and it is closed afterwards. In mode
// [abi.Pooled] instances are reused until a call fails. Their number is
// bounded: a call that finds all of them taken waits until its deadline.
//
// # Limits
//
// A call ends at its deadline, wherever the guest is, with two exceptions that
// are a property of the engine's own checks: recursion without a loop runs
// until the stack ends, and one memory.fill or memory.copy runs to its end.
// The check costs 3 allocations and a goroutine per call and makes tight loops
// an order of magnitude slower. Memory is bounded per instance; output is
// bounded in size and rate.
//
// # Isolation
//
// Guests see no files, no sockets and no environment, only clocks, random
// bytes and the host functions of package native. Each plugin has an engine
// instance of its own; only machine code is shared, through a compilation
// cache.
package wasm
