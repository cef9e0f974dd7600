// Package load is a load generator for HTTP/1.1 that costs little itself and
// tells the truth about latency.
//
// A [Client] keeps a number of connections to one address and sends the same
// bytes on each of them, one request at a time. In the closed loop, [Client.Busy],
// each connection sends as soon as it has its answer: that shows what a server
// can do and what it costs. In the open loop, [Client.Paced], requests are due
// at fixed times whatever the server does, and a latency counts from the time
// the request was due: a server that stalls is charged for everybody who would
// have come meanwhile. Generators that wait for the answer before they take
// the time leave exactly these out (coordinated omission).
//
// Sending and receiving allocates nothing once the connections are warm.
package load
