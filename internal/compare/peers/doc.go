// Package peers runs the header hook in other gateways: nginx with Lua and
// with njs, HAProxy with Lua.
//
// Both come from the packages of the system. They run in the foreground, as
// the user, with configurations of ours on loopback ports, in a folder of
// their own, and end with the [Peer]. The configurations are those an operator
// would write for speed: as many workers as processors, kept connections on
// both sides, no access log.
//
// The hook is that of the whole comparison: it reads Authorization and
// User-Agent, sets X-Tenant and X-Agent, and deletes X-Debug.
package peers
