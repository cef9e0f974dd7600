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
// dies with the program, an IPC namespace, no new privileges, Landlock for files, TCP ports,
// signals and abstract sockets, a seccomp filter, and limits of memory,
// descriptors and processes. Each falls back to what there is, and what is
// lacking is named in [Enforcement.Missing]; with [Config.Required] the program is
// then not started. On other systems everything is lacking.
//
// # Kernel objects
//
// What a program makes must not outlive it. TestKernelObjects tries each kind:
//
//	System V message queues, semaphores, shared memory   refused by seccomp
//	POSIX message queues                                 refused by seccomp
//	keyrings                                             refused by seccomp
//	memfd, secret memory, io_uring, userfaultfd          refused by seccomp
//	bpf, perf events                                     refused by seccomp
//	inotify, fanotify                                    refused by seccomp: they tell names that Landlock hides
//	sessions, process groups, namespaces, mounts         refused by seccomp
//	abstract and named unix sockets, netlink, raw        refused by seccomp unless unix is granted
//	files, shared memory and semaphores in /dev/shm      refused by Landlock unless their folder is granted to write
//	FIFOs and device nodes                               refused by Landlock; FIFOs where writing is granted
//	pidfd of a process outside                           refused by the process namespace
//	children, also orphaned ones                         end with the program
//	pipes, socket pairs, eventfd, timerfd, signalfd,     end with the program
//	epoll, POSIX timers, file locks, leases
//
// Files in a folder that is granted to write stay, for that is what the grant
// is for; so a grant of /dev/shm lets shared memory stay, too. The kernel keeps
// a closed TCP connection to a granted port for a minute.
//
// That no other program can be started keeps shells away, not code: whatever
// can be read can be mapped. What counts is that the code has no more rights.
//
// It confines an ordinary program that has turned bad. It is no virtual
// machine: what the kernel itself does wrong, it does wrong here, too.
package sandbox
