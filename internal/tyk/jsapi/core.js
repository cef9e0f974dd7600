// TykJS: the objects that middleware and event handlers are made of.
//
// A function to be called with the global object and an object of functions
// of the host. It is ES5. The globals log, b64dec and b64enc are looked up
// when they are called, since scripts may replace them.
(function (global, host) {
    var stringify = host.stringify || function (value) { return JSON.stringify(value); };
    var settle = host.settle || function (result, finish) { return finish(result); };

    function finishRequest(result) {
        if (!result) {
            log("the request handler returned nothing");
            return undefined;
        }
        var returned = result.Request, body = returned.Body;
        returned.Headers = {};
        returned.Body = b64enc(body === undefined || body === null ? "" : body);
        host.keepBytes(returned.ReturnOverrides, "ResponseBody");
        return stringify(result);
    }

    function finishResponse(result) {
        if (!result) {
            log("the response handler returned nothing");
            return undefined;
        }
        host.keepBytes(result.Response, "Body");
        return stringify(result);
    }

    function Middleware(configuration) {
        this.configuration = configuration;
    }

    Middleware.prototype = {
        constructor: Middleware,

        NewProcessRequest: function (handler) { this.ProcessRequest = handler; },
        NewProcessResponse: function (handler) { this.ProcessResponse = handler; },

        ProcessRequest: function (request) {
            log("ProcessRequest is not implemented");
            return request;
        },
        ProcessResponse: function (response) {
            log("ProcessResponse is not implemented");
            return response;
        },

        ReturnData: function (request, meta) { return {Request: request, SessionMeta: meta}; },
        ReturnAuthData: function (request, session) { return {Request: request, Session: session}; },
        ReturnResponseData: function (response, meta) { return {Response: response, SessionMeta: meta}; },

        DoProcessRequest: function (request, session, spec) {
            request.Body = b64dec(request.Body);
            return settle(this.ProcessRequest(request, session, spec), finishRequest);
        },
        DoProcessResponse: function (response, request, session, spec) {
            return settle(this.ProcessResponse(response, request, session, spec), finishResponse);
        }
    };

    function EventHandler(configuration) {
        this.configuration = configuration;
    }

    EventHandler.prototype = {
        constructor: EventHandler,

        NewHandler: function (handler) { this.Handle = handler; },
        Handle: function () { log("Handle is not implemented"); },
        DoProcessEvent: function (event, context, spec) { return this.Handle(event, context, spec); }
    };

    global.TykJS = {
        TykMiddleware: {NewMiddleware: Middleware},
        TykEventHandlers: {NewEventHandler: EventHandler}
    };

    // Otto copies every function for every call: those that nobody constructs
    // need no prototype object.
    function slim(holder) {
        for (var name in holder) {
            if (name !== "constructor" && typeof holder[name] === "function") {
                holder[name].prototype = undefined;
            }
        }
    }
    slim(Middleware.prototype);
    slim(EventHandler.prototype);
    slim({stringify: stringify, settle: settle, finishRequest: finishRequest, finishResponse: finishResponse});
    slim = undefined;
})
