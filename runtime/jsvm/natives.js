// Puts replacements in the place of otto's own functions of one object. The
// originals stay in the scope of the replacements, where no script can reach
// them. They get apply as a property of their own, so that a script which
// changes Function.prototype.apply does not see them either.
(function (holder, factory, check) {
    var originals = {}, apply = Function.prototype.apply, define = Object.defineProperty;
    var replacements = factory(check, originals);

    Object.keys(replacements).forEach(function (name) {
        var original = holder[name], replacement = replacements[name];
        var described = Object.getOwnPropertyDescriptor(holder, name);
        original.apply = apply;
        originals[name] = original;
        described.value = replacement;
        define(holder, name, described);
        replacement.prototype = original.prototype;
        if (name !== "RegExp") {
            return;
        }
        // Otto keeps the groups of the last match in its own RegExp.
        original.prototype.constructor = replacement;
        ["$_", "input", "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9"].forEach(function (group) {
            define(replacement, group, {get: function () { return original[group]; }, configurable: true});
        });
    });
})
