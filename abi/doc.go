// Package abi is the contract between the gateway and its plugins.
//
// It knows no HTTP library, no runtime and no configuration format, and it
// imports only the standard library. Everything else in Sallyport meets here:
// the proxy fills an [Exchange], the chain hands it to a [Plugin], and a
// [Runtime] is what turns a [Spec] into a Plugin.
//
// # The way of a request
//
// The proxy owns one Exchange per request in flight and reuses it. For every
// plugin bound to a hook, the chain does the same three things:
//
//	x.Begin(abi.Pre, deadline)     // open a transaction
//	v, err := p.Call(x)            // the plugin reads fields and edits
//	x.Commit(v) or x.Discard()     // keep the edits, or none of them
//
// # Edits
//
// A plugin reads the exported fields of the Exchange and changes them only
// through its methods ([Exchange.SetHeader], [Exchange.SetBody], …). Edits are
// transactional: the plugin sees its own edits at once, nobody else sees them
// before the call has succeeded, and an error takes all of them back.
//
// # Dialects
//
// An [API] that was written for another gateway has a [Dialect]: a value that
// says in which order its hooks run and what its clients and plugins expect.
//
// # Concurrency
//
// An Exchange belongs to one goroutine at a time. A Plugin may be called by
// many goroutines at once, each with an Exchange of its own.
//
// # Errors
//
// Every error that crosses this border is an [*Error] with a [Kind]. Callers
// tell them apart with errors.As, never by text.
package abi
