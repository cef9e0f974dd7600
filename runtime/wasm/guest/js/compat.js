// What otto does otherwise and scripts may rely on.
//
// A function to be called with the global object, after host.js, which keeps
// the engine's own for what only the gateway reads.
(function (global) {
    "use strict";

    const stringify = JSON.stringify, parse = JSON.parse;

    // write is the text of what JSON.parse gives, with sorted keys.
    function write(value, gap, indent) {
        if (value === null || typeof value !== "object") {
            return stringify(value);
        }
        const list = Array.isArray(value), inner = indent + gap;
        const items = list
            ? value.map((item) => write(item, gap, inner))
            : Object.keys(value).sort().map((key) => stringify(key) + (gap ? ": " : ":") + write(value[key], gap, inner));
        const [open, close] = list ? "[]" : "{}";
        if (items.length === 0) {
            return open + close;
        }
        return gap
            ? open + "\n" + inner + items.join(",\n" + inner) + "\n" + indent + close
            : open + items.join(",") + close;
    }

    function gapOf(space) {
        if (space instanceof Number || space instanceof String) {
            space = space.valueOf();
        }
        if (typeof space === "number") {
            return " ".repeat(Math.max(0, Math.min(10, Math.trunc(space) || 0)));
        }
        return typeof space === "string" ? space.slice(0, 10) : "";
    }

    // sorted is a value that JSON.parse has made, with the keys of all objects in
    // order. Keys that are numbers come first in any object, so that they need
    // write: sorted says so by throwing numeric.
    const numeric = {};

    function sorted(value) {
        if (Array.isArray(value)) {
            for (let i = 0; i < value.length; i++) {
                if (typeof value[i] === "object" && value[i] !== null) {
                    value[i] = sorted(value[i]);
                }
            }
            return value;
        }
        const keys = Object.keys(value);
        let ordered = true;
        for (let i = 0; i < keys.length; i++) {
            const key = keys[i], first = key.charCodeAt(0), child = value[key];
            if (first >= 48 && first <= 57) {
                throw numeric;
            }
            ordered = ordered && (i === 0 || keys[i - 1] < key);
            if (typeof child === "object" && child !== null) {
                value[key] = sorted(child);
            }
        }
        return ordered ? value : rebuilt(value, keys.sort());
    }

    function rebuilt(value, keys) {
        const copy = Object.create(null); // so that __proto__ is a key like others
        for (const key of keys) {
            copy[key] = value[key];
        }
        return copy;
    }

    // Keys in the order of the alphabet: signatures over bodies depend on it.
    JSON.stringify = function (value, replacer, space) {
        const plain = stringify(value, replacer);
        if (plain === undefined || (plain[0] !== "{" && plain[0] !== "[")) {
            return plain;
        }
        try {
            return stringify(sorted(parse(plain)), null, space);
        } catch (e) {
            if (e !== numeric) {
                throw e;
            }
            return write(parse(plain), gapOf(space), "");
        }
    };

    const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const two = (n) => String(n).padStart(2, "0");
    const clock = (d) => two(d.getHours()) + ":" + two(d.getMinutes()) + ":" + two(d.getSeconds());
    const day = (d) => d.getFullYear() + "-" + two(d.getMonth() + 1) + "-" + two(d.getDate());

    function dateText(name, make) {
        Object.defineProperty(Date.prototype, name, {
            writable: true, configurable: true,
            value: function () { return isNaN(this) ? "Invalid Date" : make(this); }
        });
    }

    dateText("toString", (d) => days[d.getDay()] + ", " + two(d.getDate()) + " " + months[d.getMonth()] + " " +
        d.getFullYear() + " " + clock(d) + " UTC");
    dateText("toLocaleString", (d) => day(d) + " " + clock(d));
    dateText("toLocaleDateString", day);
    dateText("toLocaleTimeString", clock);

    // At most three digits of a fraction.
    Number.prototype.toLocaleString = function () {
        const rounded = String(Number(Number(this).toFixed(3)));
        const [, sign, whole, rest] = /^(-?)(\d+)(\.\d+)?$/.exec(rounded) || [];
        return whole === undefined ? rounded : sign + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest || "");
    };
})
