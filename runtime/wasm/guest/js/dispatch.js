// What the gateway calls for each hook.
//
// A function to be called with the entry of the plugin, the zero form of a
// session as JSON, whether every call has fresh state, a request object, and
// the names of its members that differ from call to call. The functions it
// returns give the result of a hook as a string, undefined if it has none, and
// an object if it is still to come: settled gives it then.
(function (entry, zeroText, fresh, blank, names) {
    "use strict";

    const text = String, Failure = Error, parse = JSON.parse, Later = Promise;
    const zero = parse(zeroText);
    let outcome;

    // known is the session, or its zero form. In the image there is one, which
    // a script may change: the next call finds it as it was.
    function known(session) {
        if (session !== undefined) {
            return session;
        }
        return fresh ? zero : parse(zeroText);
    }

    // filled makes a request out of a list of these members. There is one in the
    // image, of which the same holds.
    function filled(parts) {
        for (let i = 0; i < names.length; i++) {
            blank[names[i]] = parts[i];
        }
        return blank;
    }

    function answer(result) {
        if (typeof result === "string") {
            return result;
        }
        if (!result || typeof result.then !== "function") {
            return undefined;
        }
        const mine = outcome = {};
        Later.resolve(result).then(
            (value) => { mine.value = value; mine.done = true; },
            (reason) => { mine.reason = reason; mine.failed = true; }
        );
        return mine;
    }

    function method(name) {
        const f = entry[name];
        if (typeof f !== "function") {
            throw new TypeError("the entry has no " + name + " any more");
        }
        return f;
    }

    return {
        request(request, session, spec) {
            const given = fresh ? filled(request) : request;
            return answer(method("DoProcessRequest").call(entry, given, known(session), spec));
        },
        response(response, request, session, spec, body) {
            if (body !== undefined) {
                response.Body = body;
            }
            return answer(method("DoProcessResponse").call(entry, response, request, known(session), spec));
        },
        virtual(request, session, spec, body) {
            if (body !== undefined) {
                request.Body = body;
            }
            return answer(entry.call(undefined, request, known(session), spec));
        },
        event(event, context, spec) {
            const result = method("DoProcessEvent").call(entry, event, context, spec);
            return answer(result && typeof result.then === "function" ? Later.resolve(result).then(() => "") : "");
        },
        settled() {
            const mine = outcome;
            outcome = undefined;
            if (mine.failed) {
                throw mine.reason;
            }
            if (!mine.done) {
                throw new Failure("the handler's promise never settles: nothing is left that could do it");
            }
            return typeof mine.value === "string" ? mine.value : undefined;
        },
        describe(e) {
            let what, stack = "";
            try {
                if (e instanceof Failure) {
                    what = text(e);
                    stack = text(e.stack);
                } else {
                    what = "uncaught " + text(e);
                }
            } catch {
                what = "uncaught value that has no text";
            }
            return what.replaceAll("\n", " ") + "\n" + stack;
        }
    };
})
