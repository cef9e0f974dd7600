// Package wasm runs plugins compiled to WebAssembly in a sandbox on wazero and
// gives every request fresh state at a cost of microseconds.
//
// # The life of a plugin
//
// [Runtime.Load] reads the file, checks its digest before anything parses it,
// instruments it (package rewrite), compiles the result, and checks every
// import against what the sandbox offers. Then it starts one instance, the
// template: the guest's data, its start function, _initialize, and an optional
// export named warmup, all before the load deadline. The state after that is
// kept as an image (package snapshot), a clone is made of it, changed, reset
// and compared, and with that the plugin is ready. What a plugin
// implements is read from its exports, and which bodies it needs from its
// imports; see the package native for the guest ABI.
//
// A plugin is recognised by the name of its file or by what its module imports
// and exports: one table of formats names the guest ABIs. A source that ends with
// .js is JavaScript: the guest is then an engine, always the same, which is given
// the script before the image is taken (package js). Every other module has the
// native ABI (package native), unless it was made for another gateway. A guest
// ABI implements the contract of package guest.
//
// # Instances
//
// An instance has its own memory and globals and serves one call at a time.
// In mode [abi.Fresh] it is reset to the image after every call, whatever
// happened in it, by the goroutine that used it; the request that comes next
// finds what the plugin was after loading. In mode [abi.Pooled] nothing is
// reset: what one request leaves the next one finds, by design. An instance is
// then discarded after any fault.
//
// There are several strategies to reset a memory, chosen by what the system
// offers and by the size of the image, or by [Config].Strategy. A plugin that
// changes what cannot be restored, a table for instance, gets a new instance
// for every request, which takes from tens of microseconds to milliseconds;
// so does one whose resets fail in every way. The log and [abi.Reporter] say
// which and why.
//
// Instances are bounded per plugin and for all plugins together: a call that
// finds all of its plugin taken waits until its deadline. It is told when one
// is free, in the order of waiting, and handed one when it has waited for long.
// The instance used last is used first. One spare is made outside of
// requests, and those that nobody needed for a while are closed.
//
// # Time
//
// A guest yields to the host every few tens of microseconds, on its own
// goroutine, because the instrumentation makes it. There the deadline is
// looked at, and the end of the plugin; a guest past its deadline traps at
// once and its instance is reset like any other. Calls of host functions and
// instructions that work on many bytes bring the next yield nearer. Host
// functions that wait (sleep, store, HTTP) know the deadline and end with it,
// and those that take their time over many bytes (output, random numbers) look
// at it, so there is no need of a watchdog. One
// memory.fill or memory.copy runs to its end, which the memory limit bounds.
//
// There is no goroutine, no timer and no allocation per call. The engine's own
// way to stop a guest, closing it with its context, is not used; RATIONALE.md
// says why.
//
// # Faults
//
// After a guest broke off, the first of these that holds decides the kind: the
// deadline passed or the plugin was closed ([abi.Timeout]), calls were nested
// too deep, memory was refused ([abi.Limit]), a host function refused
// something (its kind), else [abi.Trap]. Instances that were stopped, trapped
// or ran into a limit are reset and used again. Those that exited, and those
// in which a host function panicked, which is a bug of the gateway and logged
// as one, are closed.
//
// # Isolation
//
// Guests see no files, no sockets and no environment, only clocks, random
// bytes and the host functions of package native. Memory lies outside the Go
// heap and is bounded per instance. Each plugin has an engine of its own; only
// machine code is shared, through a compilation cache.
package wasm
