// Turns requests without an Authorization away, tells the upstream which
// tenant and which agent is calling, and removes a header that only insiders
// may send. The same file runs on Tyk.
var headers = new TykJS.TykMiddleware.NewMiddleware({});

headers.NewProcessRequest(function (request, session, spec) {
    var authorization = request.Headers["Authorization"];
    var agent = request.Headers["User-Agent"];

    if (!authorization) {
        request.ReturnOverrides.ResponseCode = 401;
        request.ReturnOverrides.ResponseError = "authorization required";
        return headers.ReturnData(request, {});
    }

    // "Bearer TENANT.SECRET"
    request.SetHeaders["X-Tenant"] = authorization[0].split(" ").pop().split(".")[0];
    request.SetHeaders["X-Agent"] = agent ? agent[0] : "";
    request.DeleteHeaders.push("X-Debug");
    return headers.ReturnData(request, {});
});
