// Package jsvm runs Tyk-style JavaScript middleware, unchanged, on otto.
//
// A plugin is one file or several, which run in their order in one VM. They are
// parsed and run once, when the plugin is loaded, and the VM they leave is the
// template: every call runs on a copy of it, which is used once. So nothing that
// one call writes is seen by another. Plugins of the same files share a
// template, each with its own entry.
//
//	var addTenant = new TykJS.TykMiddleware.NewMiddleware({});
//
//	addTenant.NewProcessRequest(function (request, session, spec) {
//	    request.SetHeaders["X-Tenant"] = spec.config_data.tenant;
//	    return addTenant.ReturnData(request, {});
//	});
//
// The entry of the plugin is the name of the object, addTenant, or of a plain
// function, which is then a virtual endpoint. A function that carries the
// methods DoProcessRequest or DoProcessResponse serves those hooks as well.
//
// # What scripts may call
//
// Besides log, rawlog, console and the base64 functions: TykMakeHttpRequest and
// TykBatchRequest; TykGetKeyData and TykSetKeyData, if there is a store of
// sessions; TykStorageGet, Set, SetNX, Del, TTL and Incr, if there is one of
// values. None of them outlives the call: its deadline is theirs, and what is
// under way then is cut off. A request has connections of its own, and its
// reply at most 8 MiB; a batch has at most 16 requests under way and 32 MiB of
// replies. Scripts are not confined in where they connect to, as in Tyk: who
// needs that runs them in the sandbox.
//
// The keys of TykStorage have a prefix, so that scripts share one space, and
// reach neither sessions nor the values of other plugins. TykGetKeyData finds
// sessions of the API's organisation and those that have none, and hides the
// password of basic authentication: a script that stores what it has got takes
// it away, as in Tyk.
//
// # Sessions
//
// Hooks after the key check get the session of the caller, and replace its
// metadata by their SessionMeta, if the plugin's own configuration has
// require_session: true (or use_session: true, as virtual endpoints call it).
// Otherwise they get the zero form, and SessionMeta is ignored. Response hooks
// get the session always.
//
// # What scripts get beyond Tyk
//
// Tyk ignores keys it does not know, so a script may use these in both:
//
//   - on the returned request AddHeaders {name: [values]}, SetMethod, SetHost;
//   - on the returned response, in ReturnOverrides and in the answer of a
//     virtual endpoint AddHeaders, too;
//   - on a result Meta {name: value}, for later plugins of the same request;
//     the request and the response objects have those of earlier ones as Meta;
//   - BodyBase64 beside Body, and ResponseBodyBase64 beside ResponseBody, for
//     bytes that are not text. The shim fills them in by itself;
//   - key_id in the session; Hook and plugin_config in the last argument,
//     which event handlers get as a third.
//
// # Deadlines
//
// Loading rewrites the script: every function and every loop begins with a
// check whether the deadline has passed (see rewrite.go). So does code that a
// script makes at run time. Otto's own functions have no such check, so those
// whose time depends on a length or a count do not begin if they would end after
// the deadline (see checks.go). A host call that hangs, such as a write to a full
// log, cannot be stopped: its VM is abandoned, and the caller is answered. A
// plugin with too many of them answers Busy.
//
// # What a call costs
//
// Copying the whole VM would be the main cost, so a copy consists of what the
// call uses; see package lazy. A script gets the members of underscore that it
// names as _.member, with all that they need, cut out of underscore's own source.
// It gets all of underscore if it uses _ in any other way, or could change what
// _ is. README.md has the figures.
//
// # Several files
//
// [abi.Spec] lists the files; one that is listed twice runs twice. They have one
// global namespace, in which the last definition of a name counts. The preload
// file runs before them, when TykJS, underscore and console exist, and the
// functions of the host do not: these replace what it has made of their names.
//
// # Memory
//
// A string has at most 32 MiB, or a quarter of the memory limit if that is less,
// and otto's functions run on arrays of at most 1,048,576 elements, with or
// without values. A step that would take more than half of the memory limit, or
// exceed those, throws a RangeError before it begins.
//
// What scripts make in many small steps is watched: while they run, the memory of
// the process is looked at every 10 ms, and before large steps. If it has grown
// by more than the limit since a call began, and a garbage collection does not
// help, a call is interrupted with a Limit error: the one that makes a large step,
// or else the one that has been running longest. Otto cannot count what a script
// holds, so a call may be blamed for what others did.
//
// # Depth
//
// A Go stack that overflows ends the process, so everything that recurses has a
// bound: the nesting of sources, which is counted before they are parsed; regular
// expressions, which have at most 32 KiB; nested calls, of which scripts with deep
// expressions have fewer; the objects that a script leaves when it is loaded,
// because a copy visits them all; and the levels of JSON. A file that exceeds a
// bound refuses the plugin with file and line, and a call throws a SyntaxError or
// a RangeError. A slash that may either begin a regular expression or divide, as
// behind the brace of a label, is refused, and so is a with statement whose body
// assigns to a variable named length. Chains of prototypes have no bound of their
// own: they would need 8 million objects, which the deadline and the memory watch
// prevent.
//
// # Mistakes
//
// Otto's parser continues after a mistake, takes time that grows with the square
// of their number, and cannot be interrupted. So package syntax parses a text of
// more than 4 KiB in growing parts, until one has a mistake or the deadline has
// passed.
//
// # Concurrency
//
// A plugin may be called by many goroutines at once. A VM runs on a goroutine
// of its own, which knows copies of the inputs and never the exchange: what a
// script returns is applied on the caller's goroutine.
//
// # Errors
//
// A throw, whatever its value, is a Trap and names file, line and column; a
// deadline is a Timeout; a result that is undefined or has a wrong type is a
// Protocol error; the memory watch gives a Limit; no VM in time is Busy.
package jsvm
