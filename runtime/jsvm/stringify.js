// Keeps JSON.stringify and JSON.parse from recursing so deep that the Go stack
// overflows, which ends the process.
(function (global, host) {
    var stringify = JSON.stringify, parse = JSON.parse;

    JSON.stringify = function (value, replacer, space) {
        var safe = host.enter(replacer, value);
        try {
            return stringify(value, safe, space);
        } finally {
            host.leave();
        }
    };

    // A walk in JavaScript ends at the depth of the stack.
    function revive(holder, name, reviver) {
        var value = holder[name];
        if (value && typeof value === "object") {
            Object.keys(value).forEach(function (key) {
                var kept = revive(value, key, reviver);
                if (kept === undefined) {
                    delete value[key];
                } else {
                    value[key] = kept;
                }
            });
        }
        return reviver.call(holder, name, value);
    }

    JSON.parse = function (text, reviver) {
        var value = parse(host.parse(text));
        return typeof reviver === "function" ? revive({"": value}, "", reviver) : value;
    };

    JSON.stringify.prototype = JSON.parse.prototype = revive.prototype = undefined;
})
