// Middleware that does nothing, beside one that does harm.
var bystander = new TykJS.TykMiddleware.NewMiddleware({});

bystander.NewProcessRequest(function (request, session, spec) {
    return bystander.ReturnData(request, {});
});
