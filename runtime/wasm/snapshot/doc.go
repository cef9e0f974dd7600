// Package snapshot gives a WebAssembly instance back the state it had after
// its initialisation, in microseconds.
//
// # The life of an image
//
// An instance gets its linear memory from a [LinearMemory], which reserves the
// plugin's limit in one piece and lets the guest grow into it. One instance,
// the template, runs its initialisation; [Take] keeps its memory and its
// mutable globals as an [Image], a sealed file in memory where the system has
// such files. Every clone is a new instance whose memory maps that file
// privately: clean pages exist once, written ones are the clone's own. A
// [Restorer] per clone undoes what a call did.
//
//	caps := snapshot.Probe()                     // once per process
//	memory, err := snapshot.NewMemory(caps, 16<<20)
//	module, err := memory.Instantiate(ctx, engine, code, config)
//	… initialise …
//	globals, err := snapshot.Globals(module, names)
//	image, err := snapshot.Take(memory, globals)
//	… for each clone, with a memory, module and globals of its own …
//	restorer, err := snapshot.NewRestorer(snapshot.Config{Image: image, Memory: memory, Globals: globals})
//	… call …
//	stats, err := restorer.Restore()
//
// # Strategies
//
// A call that touched three pages should not pay for a memory of three
// megabytes. [PageScan] asks the kernel which pages are private and copies
// just those back; nothing is dropped, so nothing faults in the next call.
// [HotSet] learns the pages from older kernels. [Drop] throws all private
// pages away, [Copy] writes the whole image. [Capabilities.Choose] picks one
// by what [Probe] found and by the size of the image.
//
// # Size
//
// WebAssembly memories cannot shrink. A restore makes the engine grow the
// memory by one page while [LinearMemory.Reallocate] answers with the shorter slice
// of the image: the engine stores it and refreshes what native code sees.
// memory.size is back, access beyond it traps, and what is grown again is
// zero.
//
// # What is restored
//
// Memory, its size and the globals that were handed over. Tables, dropped
// segments, imported state and what host functions keep are not; the caller
// must not take an image of a module that changes them.
//
// # Concurrency
//
// A [LinearMemory] and its [Restorer] belong to the goroutine that runs the
// instance; an [Image] may be used by many goroutines. The methods that
// metrics read, [LinearMemory.Reserved] and [LinearMemory.Private], may be called at any
// time.
//
// # Order of closing
//
// Close the restorer, then the module, then call [LinearMemory.Unmap]. An image may
// be closed at any time: its resources live until its last restorer is closed.
package snapshot
