// Puts our own eval and Function in the place of otto's, so that code made at
// run time goes through the same parser and the same rewriting as a file.
(function (global, made) {
    made.Function.prototype = Function.prototype;
    Function.prototype.constructor = made.Function;
    global.Function = made.Function;

    made.eval.prototype = undefined;
    global.eval = made.eval;
})
