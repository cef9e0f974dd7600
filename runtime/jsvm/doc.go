// Package jsvm runs Tyk-style JavaScript middleware, unchanged, on otto.
//
// A plugin is one file. It is parsed and run once, when it is loaded, and the
// VM it leaves is the template: every call runs on a copy of it, which is used
// once. So nothing that one call writes is seen by another.
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
// script makes at run time. A VM that is stuck in one native step, such as
// joining a huge array, cannot be stopped: it is abandoned, and the caller is
// answered. A plugin with too many of them answers Busy.
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
// Protocol error; no VM in time is Busy.
package jsvm
