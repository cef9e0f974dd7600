// The four hooks of the benchmark as legacy JavaScript middleware: for otto, for
// the references, and for the JavaScript guest of the sandbox.
var headers = new TykJS.TykMiddleware.NewMiddleware({});

// Two fields read, two set, one removed.
headers.NewProcessRequest(function (request, session, spec) {
    var authorization = request.Headers["Authorization"];
    var agent = request.Headers["User-Agent"];
    request.SetHeaders["X-Tenant"] = authorization[0].split(" ").pop().split(".")[0];
    request.SetHeaders["X-Agent"] = agent ? agent[0] : "";
    request.DeleteHeaders.push("X-Debug");
    return headers.ReturnData(request, {});
});

var json = new TykJS.TykMiddleware.NewMiddleware({});

// A body read, one member changed, two fields set.
json.NewProcessRequest(function (request, session, spec) {
    var order = JSON.parse(request.Body);
    request.SetHeaders["X-Order"] = order.id;
    request.SetHeaders["X-Status"] = order.status;
    order.status = "seen";
    request.Body = JSON.stringify(order);
    return json.ReturnData(request, {});
});

var auth = new TykJS.TykMiddleware.NewMiddleware({});

// The tenant of the key is looked up in the store.
auth.NewProcessRequest(function (request, session, spec) {
    var tenant = TykStorageGet("bench:" + request.Headers["Authorization"][0].split(" ").pop());
    if (!tenant) {
        request.ReturnOverrides.ResponseCode = 401;
        request.ReturnOverrides.ResponseError = "unknown key";
        return auth.ReturnAuthData(request, {});
    }
    request.SetHeaders["X-Tenant"] = tenant;
    return auth.ReturnAuthData(request, {key_id: tenant});
});

var response = new TykJS.TykMiddleware.NewMiddleware({});

// One field set, one removed, one member of the body changed.
response.NewProcessResponse(function (reply, request, session, spec) {
    var body = JSON.parse(reply.Body);
    body.status = "seen";
    reply.Body = JSON.stringify(body);
    reply.SetHeaders["X-Rewritten"] = "1";
    reply.DeleteHeaders.push("X-Powered-By");
    return response.ReturnResponseData(reply, {});
});
