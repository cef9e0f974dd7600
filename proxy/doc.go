// Package proxy carries HTTP/1.1 requests from clients through the chain of
// their API to an upstream, and the replies back.
//
// The client side is a fasthttp server: it reads the request head, decodes
// the body's framing and keeps connections alive. Three things of it are not
// enough for a gateway and are done here instead:
//
//   - Its parsed header loses order and spelling, and tolerates more than an
//     intermediary may. Every request is read a second time from the raw
//     bytes ([fasthttp.RequestHeader.RawHeaders]) by one strict pass, which
//     also fills the exchange without copying.
//   - Its timeouts are connection deadlines: several runtime timer updates
//     per request, and a limit on the whole body instead of on silence. A
//     watch looks at all connections a few times a second instead.
//   - Its response header renames and reorders well-known fields and drops
//     Date. The gateway hands it one prepared block of lines.
//
// The upstream side is our own. A fasthttp HostClient cannot tell a pooled
// connection from a fresh one, repeats requests by its own rules, keeps a
// deadline over streamed bodies and owns goroutines that nobody can wait for.
//
// # The way of a request
//
//	limits → route → load → chain → store → upstream → load → chain → store
//
// Everything of one request is in a flight, which is pooled; a request that
// no plugin looks at passes without an allocation and without being copied
// except into the write buffer.
//
// # Loops
//
// A plugin may redirect a request to another API. The proxy then looks the
// API up by id or name, in the router the request has come in by, and runs its
// chain on the same exchange, with the path of the URL as one below the listen
// path; it ends at the upstream of the last one. Five loops are allowed unless
// the first redirect that has the parameter loop_limit says otherwise; the
// parameter method sets the method, and with check_limits=true the rate limit
// counts the loop.
//
// # Concurrency
//
// A [Gateway], an [Upstream] and a [Router] may be used by any number of
// goroutines. Each client connection is served by one goroutine; a streamed
// request body that does not arrive at once has a second one for as long as
// it lasts, and a tunnel has two.
package proxy
