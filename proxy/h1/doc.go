// Package h1 holds what both sides of the proxy need to speak HTTP/1.1: header
// fields and lines, the errors that a client may be told of, and the time
// limits of connections.
package h1
