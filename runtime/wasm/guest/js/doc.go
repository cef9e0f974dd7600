// Package js runs JavaScript plugins in the sandbox, on QuickJS-ng, an engine
// that is itself a WebAssembly guest.
//
// A plugin is one file or several, and the name of an entry in it, as on the
// engine otto (package jsvm): the scripts are the same. A middleware object
// serves the hooks that it has handlers for, a function is a virtual endpoint.
// Handlers may be asynchronous, and a file may be an ECMAScript module, as
// bundlers write it: then the entry is one of its exports.
//
// # The life of a script
//
// [Program] is what all instances of a plugin share, a scriptGuest is one of them.
// [guest.Guest.Start] runs in the template only: it starts the engine, then
// underscore, console and the functions of the gateway, the shim of package
// jsapi, the preload and the files, and looks the entry up. What the memory
// holds then is the image (package snapshot), and every call begins with it.
// So loading may take its time, and a call finds everything in place: compiled
// functions, a request object with all its members, the session of a caller
// that has none.
//
// # One call
//
// Run writes the arguments of the hook as JSON into the guest, lets the engine
// parse it, calls a function of dispatch.js, runs what jobs there are,
// and reads the result in place, as JSON again. The packages object and
// hostapi make the one and apply the other, as for otto.
//
// Strings of JavaScript cannot hold bytes that are not UTF-8. Each is a lone
// surrogate in the guest, see wtf8.go, so that bodies of any bytes pass.
//
// # Functions of the gateway
//
// host.js is what scripts see of them; it hands over strings only, so that no
// code of a script runs inside of a host function. What reaches beyond the
// request must be granted: allow: http for TykMakeHttpRequest and
// TykBatchRequest, allow: kv with patterns of keys for TykStorageGet and its
// siblings, and the line "sessions" in allow: kv for TykGetKeyData and
// TykSetKeyData. Without a grant they do what they do when they fail, and the
// log says which line is missing.
//
// # Limits
//
// The deadline stops the engine like any other guest, whatever it does:
// loops, expressions that backtrack, sorting, collecting garbage. Two limits
// are the engine's own, and scripts can catch what they throw: a stack of 256
// KiB, which is some 1,000 calls, and the memory of the instance. Beyond those
// are the depth check of package rewrite and the allocator of package snapshot.
//
// # Errors
//
// A throw is a Trap, with file, line and column if an Error was thrown; memory
// that is used up is a Limit; a result that is undefined or has a wrong type is
// a Protocol error. Everything that goes wrong in Start is Refused.
//
// # Differences
//
// README.md lists what scripts see otherwise than on otto, and what the option
// compat: otto restores.
package js
