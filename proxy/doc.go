// Package proxy carries requests from clients through the chain of their API to
// an upstream, and the replies back.
//
// # The way of a request
//
//	ingress → route → chain → upstream → chain → ingress
//
// Everything of one request is in a request context, which is reused. A
// request that no plugin looks at passes without an allocation and without
// being copied except into the write buffer. The client's side of the
// connections is in package ingress, the other side in package upstream.
//
// # Loops
//
// A plugin may redirect a request to another API. The proxy then looks the
// Route up by id or name, in the router the request has come in by, and runs its
// chain on the same exchange, with the path of the URL as one below the listen
// path; it ends at the upstream of the last one. Five loops are allowed unless
// the first redirect that has a limit says otherwise.
//
// # Concurrency
//
// A [Gateway], an [upstream.Upstream] and a [Router] may be used by any number
// of goroutines. Each client connection is served by one goroutine; a streamed
// request body that does not arrive at once has a second one for as long as
// it lasts, and a tunnel has two.
package proxy
