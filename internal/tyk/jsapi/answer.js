// TykJsResponse: the answer of a virtual endpoint.
//
// A function to be called with the global object and an object of functions
// of the host. It is ES5.
(function (global, host) {
    global.TykJsResponse = function (response, meta) {
        host.keepBytes(response, "Body");
        return JSON.stringify({Response: response, SessionMeta: meta});
    };
    global.TykJsResponse.prototype = undefined;
})
