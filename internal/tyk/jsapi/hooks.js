// Names the kinds of hooks that an entry serves. stock is the prototype of
// middleware objects as it was before the script ran.
(function (entry, stock) {
    var kinds = [];

    function is(f) { return typeof f === "function"; }

    function handles(entryPoint, handler) {
        return is(entry[entryPoint]) &&
            (entry[entryPoint] !== stock[entryPoint] || entry[handler] !== stock[handler]);
    }

    if (is(entry)) {
        kinds.push("virtual");
    }
    if (handles("DoProcessRequest", "ProcessRequest")) {
        kinds.push("request");
    }
    if (handles("DoProcessResponse", "ProcessResponse")) {
        kinds.push("response");
    }
    if (is(entry.DoProcessEvent)) {
        kinds.push("event");
    }
    return kinds.join(" ");
})
