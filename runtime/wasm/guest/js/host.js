// The functions of the gateway, in the form that scripts know.
//
// A function to be called with the global object and the functions of the
// host. Those take strings and return strings, numbers or undefined, so that
// no code of the script runs inside of them. It defines console, and returns
// what the rest of the set-up needs.
(function (global, host) {
    "use strict";

    const text = String, Failure = Error, json = JSON.parse, stringify = JSON.stringify;

    function print(level) {
        return function (...values) { host.log(level, "console", values.map(text).join(" ")); };
    }

    function place() {
        const line = text(new Failure("").stack).split("\n")[2];
        return line === undefined ? "" : line.trim();
    }

    const timers = new Map();

    global.console = {
        log: print("info"), info: print("info"), dir: print("info"),
        debug: print("debug"), warn: print("warn"), error: print("error"),
        trace(...values) { host.log("info", "console", values.map(text).join(" ") + " " + place()); },
        assert(ok, ...values) {
            if (!ok) {
                host.log("error", "console", "assertion failed: " + values.map(text).join(" "));
            }
        },
        time(label = "default") { timers.set(text(label), Date.now()); },
        timeEnd(label = "default") {
            const begun = timers.get(text(label));
            if (begun !== undefined) {
                host.log("info", "console", text(label) + ": " + (Date.now() - begun) + "ms");
            }
        }
    };

    // The engine's own is part of the image: it would repeat in every request.
    Math.random = function random() { return host.random(); };

    // stored turns the answer of a storage function into a value.
    function stored(name, answer) {
        switch (answer === undefined ? "" : answer[0]) {
        case "=": return answer.slice(1);
        case "#": return json(answer.slice(1));
        case "!": throw new Failure(name + ": " + answer.slice(1));
        }
        return undefined;
    }

    function seconds(ttl) { return ttl === undefined || ttl === null ? "" : text(ttl); }

    function install() {
        Object.assign(global, {
            log(x) { host.log("info", "log-msg", text(x)); },
            rawlog(x) { host.rawlog(text(x)); },
            b64dec(s) { return s === "" ? s : host.b64dec(text(s)); }, // most requests have no body
            b64enc(s) { return s === "" ? s : host.b64enc(text(s)); },
            rawb64dec(s) { return host.rawb64dec(text(s)); },
            rawb64enc(s) { return host.rawb64enc(text(s)); },
            TykMakeHttpRequest(request) { return host.fetch(text(request)); },
            TykBatchRequest(requests) { return host.batch(text(requests)); },
            TykGetKeyData(key, api) { return host.getKey(text(key), text(api)); },
            TykSetKeyData(key, session, suppress) { host.setKey(text(key), text(session), text(suppress)); },
            TykStorageGet(key) { return stored("TykStorageGet", host.storageGet(text(key))); },
            TykStorageSet(key, value, ttl) {
                return stored("TykStorageSet", host.storageSet(text(key), text(value), seconds(ttl)));
            },
            TykStorageSetNX(key, value, ttl) {
                return stored("TykStorageSetNX", host.storageSetNX(text(key), text(value), seconds(ttl)));
            },
            TykStorageDel(key) { return stored("TykStorageDel", host.storageDel(text(key))); },
            TykStorageTTL(key) { return stored("TykStorageTTL", host.storageTTL(text(key))); },
            TykStorageIncr(key, ttl) { return stored("TykStorageIncr", host.storageIncr(text(key), seconds(ttl))); }
        });
    }

    return {
        install, stringify,
        // keepBytes: bytes that are not UTF-8 are lone surrogates here.
        keepBytes(holder, name) {
            if (typeof holder !== "object" || holder === null) {
                return;
            }
            const value = holder[name];
            if (typeof value === "string" && !value.isWellFormed() && Object.isExtensible(holder)) {
                holder[name + "Base64"] = host.b64enc(value);
            }
        },
        // settle: a handler may be asynchronous.
        settle(result, finish) {
            return result && typeof result.then === "function" ? Promise.resolve(result).then(finish) : finish(result);
        }
    };
})
