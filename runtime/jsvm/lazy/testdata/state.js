// A little of everything that a script may leave.
var count = 0, text = "t", list = [1, [2, {a: 3}], , "end"], when = new Date(86400000), pattern = /a(b)/gi;
var frozen = Object.freeze({a: {b: 1}}), sealed = Object.seal({a: 1}), closed = Object.preventExtensions({});
var boxed = [new String("s"), new Number(1), new Boolean(false)];
var fail = new RangeError("far");

function Base(x) { this.x = x; }
Base.prototype.get = function () { return this.x; };
function Sub() { Base.call(this, 7); }
Sub.prototype = Object.create(Base.prototype, {constructor: {value: Sub}});
var sub = new Sub();

var counter = (function () {
    var n = 0, self = {next: function () { return ++n; }, peek: function () { return n; }};
    return self;
})();
var nested = (function (a) { return function (b) { return function (c) { return [a, b, c, ++a].join(); }; }; })(1)(2);
var bound = nested.bind(null, 3);
var given = (function () { return arguments; })(1, "two", {three: 3});
var mapped = (function (a) { return {args: arguments, set: function (v) { a = v; }, get: function () { return a; }}; })("m");
var access = {get computed() { return count * 2; }, set computed(v) { count = v; }};
var circle = {}; circle.self = circle;
Object.defineProperty(this, "hidden", {value: {deep: [circle]}});
with ({scoped: {v: 1}}) { var inScope = function () { return scoped.v++; }; }
try { throw {caught: 1}; } catch (e) { var catcher = function () { return e.caught++; }; }
