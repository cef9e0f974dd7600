// Package bench measures what each isolation model costs, on the machine it
// runs on, with the same hook in the same gateway over real sockets.
//
// [Run] starts an upstream and, for every row of the table, a gateway, all of
// them processes of the same program, and drives them from here. What it does
// with a row:
//
//   - It checks that the hook does its work: what the upstream received, what
//     the client got. A row that does not is an error, never a figure.
//   - It keeps all connections busy in short slices (package load, closed loop).
//     Slices of all rows are interleaved and shuffled in rounds, so that what
//     else the machine does hits all of them alike. CPU time is what the
//     scheduler of the kernel has counted for the processes of the gateway and
//     of its plugin, divided by the requests answered. What a row adds is the
//     median, over the rounds, of its difference from the gateway without a
//     plugin in the same round.
//   - It sends one request at a time, and counts what the gateway allocates.
//   - It sends requests at 10, 50 and 80 % of the rate that the row reached
//     (open loop), and at the same rate to the gateway without a plugin.
//
// The gateway without a plugin is measured twice, as two rows: what they differ
// by is noise.
package bench
