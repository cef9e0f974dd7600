// Package native is the host side of Sallyport's own guest ABI: the functions
// a WebAssembly plugin may import, and the exports by which it declares what
// it implements. ABI.md in the folder abi is its specification.
//
// # State
//
// A [Host] belongs to a plugin and holds what never changes. A [Call] belongs
// to an instance of it and holds the exchange of the hook that is running.
// Host functions find the Call in the context that [Call.Context] made, so one
// host module serves all instances.
//
// # Guest data
//
// Everything that comes from a guest is hostile: pointers and lengths are
// checked in 64 bits against the memory, selectors against their range, and
// a violation is answered with a negative [Code]. Nothing a guest passes can
// make a host function panic.
//
// # Concurrency
//
// A Host may be used by many goroutines. A Call belongs to one goroutine at a
// time, like the instance it is part of.
package native
