package jsvm_test

import (
	"testing"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// samples are expressions over underscore; each must have the same value
// whether a script has all of underscore or only the part that it uses.
var samples = []string{
	`_.each([1, 2], function () {}).length`, `_.map({a: 1, b: 2}, function (v, k) { return k + v; })`,
	`_.map([{a: 1}, {a: 2}], "a")`, `_.filter([{a: 1, b: 1}, {a: 2}], {a: 1}).length`, `_.find([1, 2, 3], function (n) { return n > 1; })`,
	`_.reduce([1, 2, 3], function (a, b) { return a + b; }, 10)`, `_.reduceRight(["a", "b"], function (a, b) { return a + b; })`,
	`_.reject([1, 2], function (n) { return n > 1; })`, `_.every([1, 0])`, `_.some([1, 0])`, `_.contains([1, 2], 2)`, `_.includes("abc", "b")`,
	`_.invoke([[2, 1]], "sort")`, `_.invoke([{a: {b: function () { return 7; }}}], ["a", "b"])`, `_.pluck([{a: 1}], "a")`, `_.where([{a: 1}, {a: 2}], {a: 2}).length`, `_.findWhere([{a: 1, b: 3}], {a: 1}).b`,
	`_.max([1, 3, 2])`, `_.min([{n: 2}, {n: 1}], "n").n`, `_.sortBy(["ccc", "a", "bb"], "length")`, `_.size({a: 1})`, `_.toArray("ab")`, `_.shuffle([1]).length`, `_.sample([5])`,
	`_.keys(_.groupBy([1.3, 2.1, 2.4], Math.floor))`, `_.indexBy([{k: "x", v: 1}], "k").x.v`, `_.countBy([1, 2, 3], function (n) { return n % 2; })[1]`, `_.partition([1, 2, 3], function (n) { return n > 1; })`,
	`_.first([1, 2], 1)`, `_.initial([1, 2])`, `_.last([1, 2])`, `_.rest([1, 2])`, `_.compact([0, 1, "", 2])`, `_.flatten([1, [2, [3]]])`, `_.without([1, 2], 1)`,
	`_.uniq([1, 1, 2])`, `_.union([1], [2])`, `_.intersection([1, 2], [2])`, `_.difference([1, 2], [2])`, `_.zip([1], [2])`, `_.unzip([[1, 2]])`, `_.object(["a"], [1]).a`,
	`_.range(3)`, `_.chunk([1, 2, 3], 2)`, `_.indexOf([1, 2], 2)`, `_.lastIndexOf([1, 1], 1)`, `_.sortedIndex([1, 3], 2)`, `_.findIndex([1, 2], function (n) { return n === 2; })`, `_.findLastIndex([2, 2], function (n) { return n === 2; })`,
	`_.bind(function (a) { return this.x + a; }, {x: 1})(2)`, `_.memoize(function (n) { return n * 2; })(4)`, `_.once(function () { return 1; })()`, `_.after(1, function () { return 3; })()`, `_.before(2, function () { return 4; })()`,
	`_.wrap(function (a) { return a; }, function (f, b) { return f(b) + 1; })(1)`, `_.negate(_.isNumber)(1)`, `_.compose(function (a) { return a + 1; }, function (a) { return a * 2; })(3)`, `_.bindAll({a: function () { return this.b; }, b: 9}, "a").a.call(null)`,
	`_.keys({a: 1, b: 2})`, `_.allKeys(Object.create({z: 1}))`, `_.values({a: 1})`, `_.mapObject({a: 1}, function (v) { return v + 1; }).a`, `_.pairs({a: 1})`, `_.invert({a: "b"}).b`, `_.functions({a: function () {}})`, `_.findKey({a: 1}, function (v) { return v === 1; })`,
	`_.extend({a: 1}, {b: 2}).b`, `_.extendOwn({}, {c: 3}).c`, `_.assign({}, {c: 3}).c`, `_.pick({a: 1, b: 2}, "b").b`, `_.keys(_.omit({a: 1, b: 2}, "b"))`, `_.defaults({a: 1}, {a: 2, b: 3}).b`, `_.clone([1])`, `_.tap(3, function () {})`, `_.create({p: 1}, {o: 2}).p`,
	`_.has({a: 1}, "a")`, `_.get({a: {b: 2}}, ["a", "b"])`, `_.property("a")({a: 5})`, `_.propertyOf({a: 6})("a")`, `_.matcher({a: 1})({a: 1})`, `_.isMatch({a: 1}, {a: 1})`, `_.toPath("a")`,
	`_.isEqual({a: [1, {b: new Date(0)}]}, {a: [1, {b: new Date(0)}]})`, `_.isEqual([1], [2])`, `_.isEmpty({})`, `_.isElement(1)`, `_.isArray([])`, `_.isObject({})`, `(function () { return _.isArguments(arguments); })()`, `_.isFunction(log)`, `_.isString("")`, `_.isNumber(1)`,
	`_.isFinite("1")`, `_.isBoolean(true)`, `_.isDate(new Date())`, `_.isRegExp(/a/)`, `_.isError(new Error())`, `_.isNaN(NaN)`, `_.isNull(null)`, `_.isUndefined(undefined)`, `_.isSymbol(1)`, `_.isMap({})`, `_.isTypedArray([])`,
	`_.identity(1)`, `_.constant(2)()`, `_.noop()`, `_.times(3, _.identity)`, `_.random(1, 1)`, `_.escape("<&>")`, `_.unescape("&lt;")`, `_.result({a: function () { return 1; }}, "a")`, `_.now() > 0`, `_.VERSION`,
	`_.template("a <%= b %> <% _.each([1], function (n) { print(n); }) %>")({b: 2})`, `_.chain([1, 2]).map(function (n) { return n * 2; }).value()`, `_([1, 2]).map(_.identity)`, `_.uniqueId("u")`, `_.partial(function (a, b) { return a + b; }, _, 2)(1)`, `_.iteratee("a")({a: 1})`,
	`_.missing === undefined`, `(_.mixin({twice: function (n) { return n * 2; }}), _.twice(4))`, `(_.iteratee = function () { return function () { return 8; }; }, _.map([1], "x"))`,
	`typeof _`, `typeof (function () { return this; })()._`, `_.name`,
}

func TestAPartOfUnderscoreActsLikeAllOfIt(t *testing.T) {
	vm := otto.New()
	if _, err := vm.Run(jsapi.Underscore() + "; function log() {}"); err != nil {
		t.Fatal(err)
	}
	r := jsvm.New(jsvm.Config{})
	for _, expression := range samples {
		want, err := vm.Copy().Run("String(" + expression + ")")
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		f := folder(t, handler("request.Body = String("+expression+"); return m.ReturnData(request, {});"))
		p, err := several(t, r, abi.Spec{Source: f[0]})
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		if got := body(t, p); got != want.String() {
			t.Errorf("%s = %q, want %q", expression, got, want)
		}
	}
}

func TestUnderscoreInHiddenPlaces(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`(function () { return this; })()["_"].map([1], function (n) { return n + 1; })`, "2"},
		{`(function () { return this; })()["" + "_"].first([4])`, "4"},
		{`[_.first([1]), eval("_.last([1, 2])")]`, "1,2"},
		{`[_.first([1]), new Function("return _.last([1, 2])")()]`, "1,2"},
		{`[_.first([1]), (function () {}).constructor("return _.last([1, 2])")()]`, "1,2"},
		{`(function (_) { return _.first; })({first: 5})`, "5"},
		{`(function () { var _ = {first: 6}; return _.first; })()`, "6"},
		{`(function () { with ({_: {first: 7}}) { return _.first; } })()`, "7"},
		{`(function () { try { throw {first: 8}; } catch (_) { return _.first; } })()`, "8"},
		{`(function () { eval("var _ = {first: 9}"); return _.first; })()`, "9"},
		{`(function (g, k) { g[k] = {first: 10}; return _.first; })((function () { return this; })(), "" + "_")`, "10"},
		{`(function (g, k) { g[k].first = function () { return 11; }; return _.first([1]); })((function () { return this; })(), "" + "_")`, "11"},
		{`(function () { _.first = function () { return 12; }; return _.first(); })()`, "12"},
		{`(function () { delete _.first; return typeof _.first; })()`, "undefined"},
		{`(function () { _ = {first: 13}; return _.first; })()`, "13"},
	} {
		if got := says(t, jsvm.Config{}, "", c.script); got != c.want {
			t.Errorf("%s = %q, want %q", c.script, got, c.want)
		}
	}
}

func TestUnderscoreDoesNotLeakBetweenCalls(t *testing.T) {
	for name, body := range map[string]string{
		"unique id": `request.Body = _.uniqueId("u");`,
		"settings":  `request.Body = String(_.templateSettings.seen); _.templateSettings.seen = 1;`,
		"mixin":     `request.Body = typeof _.twice; _.mixin({twice: function () {}});`,
		"member":    `request.Body = String(_.first.seen); _.first.seen = 1;`,
		"memoize":   `request.Body = String(++calls); _.keys(cache).length; cache.k = [].concat(cache.k || [], 1); request.Body += cache.k.length;`,
		"prototype": `request.Body = String(_.map.seen) + [].seen + ({}).seen; Function.prototype.seen = Array.prototype.seen = Object.prototype.seen = 1; _.map([1], _.identity);`,
		"closure":   `request.Body = String(count()); _.first([1]);`,
		"dynamic":   `var u = (function () { return this; })()["" + "_"]; request.Body = String(u.seen) + u.uniqueId(); u.seen = 1; _.first([1]);`,
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, "var calls = 0, cache = {}; var count = (function () { var n = 0; return function () { return ++n; }; })();"+
				handler(body+`return m.ReturnData(request, {});`))
			var first string
			for i := range 4 {
				x := exchange()
				must(t, p, x, abi.Pre)
				if i == 0 {
					first = string(x.Request.Body)
				}
				if got := string(x.Request.Body); got != first {
					t.Errorf("call %d sees %q, the first saw %q", i, got, first)
				}
			}
		})
	}
}
