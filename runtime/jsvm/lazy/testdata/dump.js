// Describes every object that can be reached from the global one: class,
// prototype, extensibility and properties with their attributes, in order.
(function (global) {
    var seen = [], lines = [];

    function name(v) {
        if (v === null || (typeof v !== "object" && typeof v !== "function")) {
            return typeof v + " " + String(v);
        }
        var i = seen.indexOf(v);
        if (i < 0) {
            i = seen.push(v) - 1;
        }
        return "#" + i;
    }

    name(global);
    for (var i = 0; i < seen.length; i++) {
        var o = seen[i];
        lines.push("#" + i + " " + Object.prototype.toString.call(o) + " prototype " + name(Object.getPrototypeOf(o)) +
            " extensible " + Object.isExtensible(o) + (typeof o === "function" ? " length " + o.length : ""));
        Object.getOwnPropertyNames(o).forEach(function (key) {
            if (["caller", "stack", "computed", "p"].indexOf(key) >= 0) {
                return; // otto cannot describe accessors
            }
            var d = Object.getOwnPropertyDescriptor(o, key);
            lines.push("  " + key + " " + [d.enumerable, d.configurable, d.writable].join() + " " +
                name(d.value));
        });
    }
    return lines.join("\n");
})(this)
