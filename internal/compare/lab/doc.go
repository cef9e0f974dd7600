// Package lab serves the isolation lab: one page on the admin listener that
// shows what the plugins of a running gateway cost and how their faults end.
//
// The page shows the hook chain of every API, the latency of the isolation
// models over each other, the memory of plugins and the last faults with what
// the client got. Where an [Injector] is given, it has a button for every fault
// that can be injected, and shows how it was contained.
//
//	GET  /lab/          the page, with nothing from outside
//	GET  /lab/snapshot  everything the page shows, as JSON
//	GET  /lab/events    what is new, as server-sent events: sample, fault, outcome
//	POST /lab/inject    {"model": "wasm", "fault": "hang"}; only with an injector
//
// Figures are read from the counters of the chains once a second: nothing here
// is on the way of a request.
package lab
