package jsvm_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// leaky writes the id of its request wherever a script can write, and says
// what it has found there before.
const leaky = `
var list = [], pattern = /x/g, when = new Date(0), counter = (function () { var n = 0; return function () { return ++n; }; })();
var frozen = {a: {}}, m = new TykJS.TykMiddleware.NewMiddleware({});
m.NewProcessRequest(function (request, session, spec) {
	var id = request.Headers["X-Id"][0], found = [], global = (function () { return this; })();
	function mark(holder, key) {
		if (holder[key] !== undefined) { found.push(key + "=" + holder[key]); }
		holder[key] = id;
	}
	mark(global, "undeclared"); mark(TykJS, "mark"); mark(_, "mark"); mark(_.map, "mark"); mark(console, "mark"); mark(m, "mark"); mark(log, "mark");
	mark(Object.prototype, "mark0"); mark(Array.prototype, "mark1"); mark(String.prototype, "mark2"); mark(Function.prototype, "mark3");
	mark(JSON, "mark4"); mark(Math, "mark5"); mark(Error.prototype, "mark6"); mark(String, "mark7"); mark(RegExp.prototype, "mark8");
	mark(frozen.a, "mark9"); mark(when, "mark10"); mark(pattern, "mark11"); mark(spec.config_data, "mark12"); mark(session, "mark13");
	if (list.push(id) !== 1) { found.push("list"); }
	if (counter() !== 1) { found.push("closure"); }
	if (pattern.lastIndex !== 0 || !pattern.test("x")) { found.push("pattern"); }
	if (when.getTime() !== 0) { found.push("date"); }
	when.setTime(id);
	if (_.uniqueId() !== "1") { found.push("uniqueId"); }
	if (Object.isFrozen(frozen)) { found.push("frozen"); }
	Object.freeze(frozen);
	if (!Array.prototype.map) { found.push("deleted"); }
	delete Array.prototype.map;
	m.ReturnData = function () { return {Request: request, SessionMeta: {by: id}}; };
	if (typeof replaced === "function") { found.push("function"); }
	replaced = function () { return id; };
	eval("var evaluated = (typeof evaluated === 'undefined') ? id : found.push('eval')");
	request.Body = id + ":" + found.join();
	return {Request: request, SessionMeta: {}};
});`

func TestManyCallsAtOnceLeakNothing(t *testing.T) {
	p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Instances: abi.Instances{Max: 64}}, leaky)
	var calls sync.WaitGroup
	for i := range callsAtOnce {
		calls.Go(func() {
			id := strconv.Itoa(i)
			x := exchange()
			x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("X-Id"), Value: []byte(id)})
			if _, err := callWithin(p, x, abi.Pre, 4*time.Minute); err != nil {
				t.Errorf("call %s: %v", id, err)
				return
			}
			if got, found, _ := strings.Cut(string(x.Request.Body), ":"); got != id || found != "" {
				t.Errorf("call %s has found %q and says it is %s", id, found, got)
			}
		})
	}
	calls.Wait()
}
