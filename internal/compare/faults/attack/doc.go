// Package attack holds plugins that do their worst, one way at a time, in
// every isolation model: [Harm] as WebAssembly, [Script] as JavaScript and
// [Child] as an external process.
//
// They are the other side of the containment suite in package faults, and the
// guests of the sandbox's own containment tests. None of them needs a
// toolchain. Outside such tests they have no use: a gateway runs them only if
// its configuration names them.
//
// A plugin does harm only to requests with the field [Fault]; all others pass
// untouched, so that one plugin has victims and neighbours at a time. What it
// gets hold of, it hands to the upstream in [Seen], which is how an escape is
// noticed.
package attack

// Header fields between the suite and its plugins.
const (
	Fault  = "X-Sallyport-Fault"  // what to do: the name of a fault
	Note   = "X-Sallyport-Note"   // text that is to be kept
	Delay  = "X-Sallyport-Delay"  // milliseconds to wait, for scripts and processes
	Target = "X-Sallyport-Target" // URL to connect to
	File   = "X-Sallyport-File"   // path to read
	Secret = "X-Sallyport-Secret" // name of an environment value to read
	Seen   = "X-Sallyport-Seen"   // set by the plugin: what it got hold of
)

// Names of the faults, which the field [Fault] takes.
const (
	Crash        = "crash"
	Hang         = "hang"
	MemoryBomb   = "memory-bomb"
	MemoryStep   = "memory-step"
	StackBomb    = "stack-bomb"
	ForkBomb     = "fork-bomb"
	Garbage      = "garbage"
	HugeOutput   = "huge-output"
	LogFlood     = "log-flood"
	SlowHost     = "slow-host"
	LeakRequests = "leak-requests"
	LeakAPIs     = "leak-apis"
	ReadFile     = "file"
	OpenSocket   = "socket"
	ReadEnv      = "env"
	Kill         = "kill"
	Deadline     = "deadline"
)
