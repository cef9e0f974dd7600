// Package sandbox starts a program with as few rights as it needs.
//
// # The shim
//
// Rights are given up by the one who has them, so the gateway starts itself
// again with [Command] as its only argument: [Main] takes limits upon its own
// thread and then becomes the program by execve, which keeps them. Parameters
// come as JSON on descriptor 3; what was really enforced goes back on
// descriptor 4, whose end without another word means that the program runs.
//
// # What it enforces
//
// On Linux: a user of its own and no capabilities, a process namespace that
// dies with the program, no new privileges, Landlock for files, TCP ports,
// signals and abstract sockets, a seccomp filter, and limits of memory,
// descriptors and processes. Each falls back to what there is, and what is
// lacking is named in [Report.Missing]; with [Config.Required] the program is
// then not started. On other systems everything is lacking.
//
// That no other program can be started keeps shells away, not code: whatever
// can be read can be mapped. What counts is that the code has no more rights.
//
// It confines an ordinary program that has turned bad. It is no virtual
// machine: what the kernel itself does wrong, it does wrong here, too.
package sandbox
