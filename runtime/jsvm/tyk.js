// The part of Tyk's JavaScript surface that is JavaScript itself.
//
// It is run once per template with functions of the host, and returns what
// the host needs. It must stay within ES5. Tables 1.2 and 1.3 of Tyk's
// compatibility target say what scripts rely on.
(function (global, host) {
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
            var result = this.ProcessRequest(request, session, spec);
            if (!result) {
                log("the request handler returned nothing");
                return undefined;
            }
            var returned = result.Request, body = returned.Body;
            returned.Headers = {};
            returned.Body = b64enc(body === undefined || body === null ? "" : body);
            host.keepBytes(returned.ReturnOverrides, "ResponseBody");
            return JSON.stringify(result);
        },
        DoProcessResponse: function (response, request, session, spec) {
            var result = this.ProcessResponse(response, request, session, spec);
            if (!result) {
                log("the response handler returned nothing");
                return undefined;
            }
            host.keepBytes(result.Response, "Body");
            return JSON.stringify(result);
        }
    };

    function EventHandler(configuration) {
        this.configuration = configuration;
    }

    EventHandler.prototype = {
        constructor: EventHandler,

        NewHandler: function (handler) { this.Handle = handler; },
        Handle: function () { log("Handle is not implemented"); },
        DoProcessEvent: function (event, context, spec) { this.Handle(event, context, spec); }
    };

    global.TykJS = {
        TykMiddleware: {NewMiddleware: Middleware},
        TykEventHandlers: {NewEventHandler: EventHandler}
    };

    function is(f) { return typeof f === "function"; }

    // Code made at run time is not rewritten, so it has to be watched. A
    // script that names eval keeps the real one, which sees local variables.
    function watchDynamicCode() {
        var RealFunction = Function, realEval = eval;
        function WatchedFunction() {
            host.watch();
            return RealFunction.apply(this, arguments);
        }
        WatchedFunction.prototype = RealFunction.prototype;
        RealFunction.prototype.constructor = WatchedFunction;
        global.Function = WatchedFunction;
        global.eval = function (text) {
            host.watch();
            return realEval(text);
        };
    }

    // A script that never names _ can still reach it, through a computed name
    // or code it makes. Then, and only then, underscore is loaded.
    function deferUnderscore() {
        function define(value) {
            Object.defineProperty(global, "_", {value: value, writable: true, enumerable: true, configurable: true});
        }
        Object.defineProperty(global, "_", {
            get: function () {
                define(undefined);
                host.loadUnderscore();
                return global._;
            },
            set: define,
            enumerable: true,
            configurable: true
        });
    }

    // hooks names the kinds of hooks that an entry serves.
    function hooks(entry) {
        var stock = Middleware.prototype, kinds = [];
        if (entry === undefined || entry === null) {
            return "";
        }
        if (is(entry)) {
            kinds.push("virtual");
        }
        if (is(entry.DoProcessRequest) &&
            (entry.DoProcessRequest !== stock.DoProcessRequest || entry.ProcessRequest !== stock.ProcessRequest)) {
            kinds.push("request");
        }
        if (is(entry.DoProcessResponse) &&
            (entry.DoProcessResponse !== stock.DoProcessResponse || entry.ProcessResponse !== stock.ProcessResponse)) {
            kinds.push("response");
        }
        if (is(entry.DoProcessEvent)) {
            kinds.push("event");
        }
        return kinds.join(" ");
    }

    return {
        hooks: hooks,
        watchDynamicCode: watchDynamicCode,
        deferUnderscore: deferUnderscore,
        answer: function (response, meta) {
            host.keepBytes(response, "Body");
            return JSON.stringify({Response: response, SessionMeta: meta});
        }
    };
})
