// Puts replacements in the place of otto's own functions. The originals are
// arguments to which the function check is bound, so that no script can reach
// them. They get apply as a property of their own, so that a script which
// changes Function.prototype.apply does not see them either.
(function (global, replacements, name, check) {
    var originals = [], apply = Function.prototype.apply, define = Object.defineProperty;

    replacements.forEach(function (entry) {
        var holder = entry[0], original = holder[entry[1]], replacement = entry[2];
        var described = Object.getOwnPropertyDescriptor(holder, entry[1]);
        original.apply = apply;
        originals.push(original);
        described.value = replacement;
        define(holder, entry[1], described);
        replacement.prototype = original.prototype;
        if (entry[1] !== "RegExp") {
            return;
        }
        // Otto keeps the groups of the last match in its own RegExp.
        original.prototype.constructor = replacement;
        ["$_", "input", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9"].forEach(function (group) {
            define(replacement, group, {get: function () { return original[group]; }, configurable: true});
        });
    });
    check.prototype = undefined;
    check = check.bind(undefined, originals);
    check.prototype = undefined;
    define(global, name, {value: check});
})
