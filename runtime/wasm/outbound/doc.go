// Package outbound sends the HTTP requests of one plugin, and only to the URLs
// that the plugin was granted.
//
// # Patterns
//
// A grant is a URL pattern, scheme://host[:port]/path:
//
//   - The scheme is http or https.
//   - The host is a name, compared without regard to case; or *.example.com,
//     which stands for every name below example.com and not for itself; or an
//     IP address, IPv6 in brackets; or localhost.
//   - The port is 80 or 443 unless written.
//   - The path is the whole path, or, with a * at its end, everything that
//     begins like this: /v1/* allows /v1/a and not /v10. Queries are free.
//
// A * stands nowhere else. Paths are compared decoded. A URL whose path may
// mean another one to its server is refused, whatever is granted: one with a
// segment . or .. (also before a ; and also encoded), a backslash, an encoded
// slash, an encoded percent sign or a control character.
//
// # Addresses
//
// The address is checked when the connection is made, after the name was
// resolved, so that a name cannot point at the operator's own network. What is
// not a public unicast address is refused (loopback, private, link-local,
// shared, reserved, multicast; IPv4 addresses inside IPv6 ones count as what
// they stand for) unless a grant names that very address with that port.
// localhost names 127.0.0.1 and ::1. So a name that resolves to a private
// address needs two grants: one for the URL and one for the address.
//
// # What is sent
//
// HTTP/1.1. Redirects are not followed: the plugin gets the 3xx and may ask
// for the new URL, which is checked like any other. No proxy is taken from the
// environment, there are no cookies, and nothing is compressed or expanded.
//
// # What comes back
//
// A final status, 200 to 599. A response with any other one is an error, also
// 101, whatever the server sends behind it. Interim responses are skipped. Until
// the deadline the header section, all interim ones included, may have 64 KiB
// and the body as much as the plugin may have; a server that sends more, or
// never ends, loses its connection.
//
// # Concurrency
//
// A Client may be used by many goroutines; its connections are shared between
// them and kept for later requests. Connections that are still being made when
// a request gives up are finished for the next one, and [HTTPClient.Close] waits
// for them.
package outbound
