// Package coproc runs plugins in one external process, written in any
// language, which it speaks to over stdin and stdout.
//
// # The way of a call
//
// A call takes a slot of the window, is encoded straight from the Exchange
// into one line of JSON-RPC 2.0, and joins the buffer of frames on their way
// to the process. The goroutine of the reader takes answers in whatever order
// they come and hands each to the slot its id names. The caller checks the
// answer, which holds only changes, and applies them to the Exchange. The
// protocol is in abi/COPROC.md.
//
// # The life of the process
//
// The first Load starts the process; a supervisor starts it again when it
// dies. Its pending calls fail at once; a call that arrives while it restarts waits
// for it, up to its deadline. The wait before a start doubles with each death,
// and after too many of them a breaker stops the starts for a while.
//
// # Isolation
//
// The process has its own memory and its own connections. With a sandbox it
// can do little else, see package sandbox. Without one it is a boundary
// against faults, not against malice: it runs as the gateway's user and could
// stop it. And it serves all APIs, so its crash hits the hooks of all.
package coproc
