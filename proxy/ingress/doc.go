// Package ingress turns the bytes of a client connection into exchanges and
// their replies back into bytes.
//
// A fasthttp server reads the request head, decodes the framing of bodies and
// keeps connections alive. Three things of it are not enough for a gateway and
// are done here instead:
//
//   - Its parsed header loses order and spelling, and tolerates more than an
//     intermediary may. Every request is read a second time from the raw
//     bytes ([fasthttp.RequestHeader.RawHeaders]) by one strict pass, which
//     also fills the exchange without copying.
//   - Its timeouts are connection deadlines: several runtime timer updates for
//     each request, and a limit on the whole body instead of on silence.
//     [h1.Deadlines] looks at all connections a few times a second instead.
//   - Its response header renames and reorders well-known fields and drops
//     Date. It is handed one prepared block of lines instead.
package ingress
