package main

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/store"
)

// hostileCases are about scripts that do harm, or that run side by side.
func hostileCases() []*acceptance {
	const upstream = `{ http: ["$UPSTREAM/*"] }`
	return []*acceptance{
		{id: "X1", about: "50 unbounded recursions side by side: 500 each, the process lives, its stacks stay small", run: playRecursion},
		{id: "X2", about: "TykMakeHttpRequest to a server that does not answer: 500 at jsvm_timeout, the connection is closed", allow: upstream, run: playSlowServer},
		{id: "X3", about: "a loop without an end at the top level of a file: the reload is refused, requests are served meanwhile and after it", run: playEndlessLoad},
		{id: "X6", about: "200 parallel events on two APIs with handlers of one name: each API's own handler runs", allow: upstream, run: playEvents},
		{id: "X10", about: "TykStorage: set, get, absent, TTL, parallel SetNX, Incr, a key of 257 bytes, a store that is down", allow: `{ kv: ["*"] }`, run: playStorage},
		{id: "I5", about: fmt.Sprintf("%d concurrent requests to a script that writes globals: none sees what another wrote", globalRequests()), run: playGlobals},
	}
}

// scriptedAPI is an API without keys that has a section custom_middleware, and
// what else there is.
func scriptedAPI(name, section, more string) txtar.File {
	return txtar.File{Name: "apps/" + name + ".json", Data: fmt.Appendf(nil, `{
  "api_id": %[1]q, "name": %[1]q, "org_id": "acme", "use_keyless": true,
  "proxy": {"listen_path": "/%[1]s/", "target_url": "$UPSTREAM", "strip_listen_path": true},
  "custom_middleware": {%[2]s}%[3]s
}`, name, section, more)}
}

// preAPI is an API with a hook pre, and its script.
func preAPI(name, script string) []txtar.File {
	return []txtar.File{
		scriptedAPI(name, fmt.Sprintf(`"driver": "javascript", "pre": [{"name": "hook", "path": "middleware/%s.js"}]`, name), ""),
		{Name: "middleware/" + name + ".js", Data: []byte("var hook = new TykJS.TykMiddleware.NewMiddleware({});\n" + script)},
	}
}

// side sends requests side by side and returns the replies in order.
func (w *world) side(t *testing.T, steps []acceptanceStep) []*acceptanceReply {
	t.Helper()
	replies := make([]*acceptanceReply, len(steps))
	var all sync.WaitGroup
	for i := range steps {
		all.Go(func() { replies[i] = w.ask(t, &steps[i]) })
	}
	all.Wait()
	if slices.Contains(replies, nil) {
		t.FailNow() // ask has said why
	}
	return replies
}

// playRecursion is X1. Where a stack grows without a limit, the process dies
// at one of 1 GB.
func playRecursion(t *testing.T, c *acceptance, engine string) {
	w := newWorld(t, c, engine)
	w.plant(t, preAPI("a", `hook.NewProcessRequest(function (request, session, spec) {
    function down(n) { return [n].map(down)[0] + 1; }
    if (request.Params.down) { request.SetHeaders["X-Depth"] = String(down(1)); }
    return hook.ReturnData(request, {});
});`))
	w.start(t)
	stop, peak := watchStacks()
	steps := slices.Repeat([]acceptanceStep{{at: c.id, method: http.MethodGet, path: "/a/x?down=1"}}, 50)
	for _, r := range w.side(t, steps) {
		if r.status != http.StatusInternalServerError || !strings.Contains(r.body, "Internal Server Error") {
			t.Errorf("%d %s, want 500", r.status, r.body)
		}
	}
	stop()
	if got := peak(); got > 512<<20 {
		t.Errorf("the stacks had %d MiB", got>>20)
	}
	w.steps(t, "GET /a/x\n= 200\n= upstream no header X-Depth\n")
}

// watchStacks looks at the memory of stacks until it is stopped. peak is the
// most it has seen.
func watchStacks() (stop func(), peak func() uint64) {
	var most uint64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-ended }, func() uint64 { return most }
}

// playSlowServer is X2.
func playSlowServer(t *testing.T, c *acceptance, engine string) {
	w := newWorld(t, c, engine)
	w.plant(t, append(preAPI("a", `hook.NewProcessRequest(function (request, session, spec) {
    var reply = TykMakeHttpRequest(JSON.stringify({Method: "GET", Domain: "$UPSTREAM", Resource: "/never"}));
    request.SetHeaders["X-Reply"] = String(reply);
    return hook.ReturnData(request, {});
});`), txtar.File{Name: "tyk.conf", Data: []byte(`{"enable_jsvm": true, "jsvm_timeout": 1}`)}))
	w.start(t)
	w.steps(t, "GET /a/x\n= 500\n= contains \"Internal Server Error\"\n= after 950ms\n= within 5s\n= upstream count 1\n= upstream GET /never\n")
	select {
	case <-w.echo.gone:
	case <-time.After(5 * time.Second):
		t.Error("the connection to the slow server is still open")
	}
}

// playEndlessLoad is X3.
func playEndlessLoad(t *testing.T, c *acceptance, engine string) {
	w := newWorld(t, c, engine)
	w.plant(t, preAPI("a", `hook.NewProcessRequest(function (request, session, spec) {
    request.SetHeaders["X-First"] = "first";
    return hook.ReturnData(request, {});
});`))
	const served = "GET /a/x\n= 200\n= upstream header X-First: first\n"
	w.start(t)
	w.steps(t, served)
	w.plant(t, preAPI("b", "for (;;) {}"))
	begun, refused := time.Now(), make(chan error, 1)
	go func() { refused <- w.reload(t) }()
	for during := 0; ; during++ {
		select {
		case err := <-refused:
			w.checkRefusal(t, &acceptanceRound{refused: []string{"middleware/b.js"}}, err)
			if took := time.Since(begun); took > 20*time.Second || during == 0 {
				t.Errorf("refused after %v, with %d requests served meanwhile", took, during)
			}
			w.steps(t, served)
			return
		default:
			w.steps(t, served)
		}
	}
}

// playEvents is X6. The handlers tell the upstream who they are.
func playEvents(t *testing.T, c *acceptance, engine string) {
	const each = 100
	w := newWorld(t, c, engine)
	for _, name := range []string{"a", "b"} {
		w.plant(t, []txtar.File{
			{Name: "apps/" + name + ".json", Data: fmt.Appendf(nil, `{
  "api_id": %[1]q, "name": %[1]q, "org_id": "acme", "auth": {"auth_header_name": "X-Key"},
  "proxy": {"listen_path": "/%[1]s/", "target_url": "$UPSTREAM", "strip_listen_path": true},
  "event_handlers": {"events": {"AuthFailure": [{"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "watch", "path": "middleware/%[1]s.js"}}]}}
}`, name)},
			{Name: "middleware/" + name + ".js", Data: fmt.Appendf(nil, `var told = 0;
var watch = new TykJS.TykEventHandlers.NewEventHandler({});
watch.NewHandler(function (event, context) {
    told++;
    TykMakeHttpRequest(JSON.stringify({Method: "GET", Domain: "$UPSTREAM",
        Resource: "/event?script=%s&api=" + context.APIID + "&type=" + event.Type + "&key=" + event.Meta.Key + "&told=" + told}));
});`, name)},
		})
	}
	w.start(t)
	var steps []acceptanceStep
	want := map[string]int{}
	for i := range each {
		for _, name := range []string{"a", "b"} {
			key := fmt.Sprintf("%s%d", name, i)
			steps = append(steps, acceptanceStep{at: c.id, method: http.MethodGet, path: "/" + name + "/x", header: [][2]string{{"X-Key", key}}})
			want[fmt.Sprintf("/event?script=%[1]s&api=%[1]s&type=AuthFailure&key=%[2]s&told=1", name, key)] = 1
		}
	}
	for _, r := range w.side(t, steps) {
		if r.status != http.StatusForbidden {
			t.Errorf("status %d, want 403", r.status)
		}
	}
	await(t, "all events are told", func() bool { return w.echo.count() >= len(want) })
	for _, seen := range w.echo.since(0) {
		want[seen.URL]--
	}
	for url, n := range want {
		if n != 0 {
			t.Errorf("%s was told %d times, want once", url, 1-n)
		}
	}
}

// unreliable is a store of values that can be down.
type unreliable struct {
	store.Store
	down atomic.Bool
}

func (u *unreliable) Get(deadline time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error) {
	if u.down.Load() {
		return nil, time.Time{}, false, store.ErrUnavailable
	}
	return u.Store.Get(deadline, key)
}

func (u *unreliable) Set(deadline time.Time, key, value []byte, ttl time.Duration) error {
	if u.down.Load() {
		return store.ErrUnavailable
	}
	return u.Store.Set(deadline, key, value, ttl)
}

func (u *unreliable) Add(deadline time.Time, key, value []byte, ttl time.Duration) (bool, error) {
	if u.down.Load() {
		return false, store.ErrUnavailable
	}
	return u.Store.Add(deadline, key, value, ttl)
}

func (u *unreliable) Incr(deadline time.Time, key []byte, delta int64, ttl time.Duration) (int64, error) {
	if u.down.Load() {
		return 0, store.ErrUnavailable
	}
	return u.Store.Incr(deadline, key, delta, ttl)
}

func (u *unreliable) Del(deadline time.Time, key []byte) error {
	if u.down.Load() {
		return store.ErrUnavailable
	}
	return u.Store.Del(deadline, key)
}

// storageScript does with TykStorage what the query says.
const storageScript = `hook.NewProcessRequest(function (request, session, spec) {
    var p = request.Params, k = p.k[0], v = p.v ? p.v[0] : "", ttl = p.ttl ? parseInt(p.ttl[0], 10) : 0, result;
    try {
        switch (p.f[0]) {
        case "get": result = TykStorageGet(k); break;
        case "set": result = TykStorageSet(k, v, ttl); break;
        case "setnx": result = TykStorageSetNX(k, v, ttl); break;
        case "del": result = TykStorageDel(k); break;
        case "ttl": result = TykStorageTTL(k); break;
        case "incr": result = TykStorageIncr(k, ttl); break;
        }
        result = typeof result + " " + result;
    } catch (e) {
        result = "throws";
    }
    request.ReturnOverrides.ResponseCode = 200;
    request.ReturnOverrides.ResponseBody = result;
    return hook.ReturnData(request, {});
});`

// playStorage is X10.
func playStorage(t *testing.T, c *acceptance, engine string) {
	w := newWorld(t, c, engine)
	st := &unreliable{Store: store.NewMemory()}
	w.store = st
	w.plant(t, preAPI("s", storageScript))
	w.start(t)
	say := func(want, query string) {
		t.Helper()
		if got := w.ask(t, &acceptanceStep{at: c.id, method: http.MethodGet, path: "/s/x?" + query}); got.body != want {
			t.Errorf("%s: %s, want %s", query, got.body, want)
		}
	}
	say("undefined undefined", "f=set&k=a&v=value")
	say("string value", "f=get&k=a")
	say("object null", "f=get&k=absent")
	say("number -1", "f=ttl&k=a")
	say("number -2", "f=ttl&k=absent")
	say("undefined undefined", "f=set&k=b&v=value&ttl=100")
	ttl := w.ask(t, &acceptanceStep{at: c.id, method: http.MethodGet, path: "/s/x?f=ttl&k=b"}).body
	var left int
	if _, err := fmt.Sscanf(ttl, "number %d", &left); err != nil || left < 1 || left > 100 {
		t.Errorf("time to live is %s, want 1 to 100", ttl)
	}
	say("undefined undefined", "f=del&k=a")
	say("object null", "f=get&k=a")
	for i := range 10 {
		claims := slices.Repeat([]acceptanceStep{{at: c.id, method: http.MethodGet, path: fmt.Sprintf("/s/x?f=setnx&v=x&k=claim%d", i)}}, 2)
		replies := w.side(t, claims)
		if got := []string{replies[0].body, replies[1].body}; !slices.Contains(got, "boolean true") || !slices.Contains(got, "boolean false") {
			t.Errorf("two parallel SetNX: %v, want one true", got)
		}
	}
	say("string 1", "f=incr&k=n")
	say("string 2", "f=incr&k=n")
	say("throws", "f=set&v=x&k="+strings.Repeat("k", 257))
	say("undefined undefined", "f=set&v=x&k="+strings.Repeat("k", 256))
	st.down.Store(true)
	for _, f := range []string{"get", "set", "setnx", "del", "ttl", "incr"} {
		say("throws", "k=a&f="+f)
	}
}

// globalsScript tells what it finds of what calls write, then writes it.
const globalsScript = `var count = 0, list = [], shared = {inner: {}};
hook.NewProcessRequest(function (request, session, spec) {
    var found = [];
    if (count !== 0) { found.push("count " + count); }
    if (list.length !== 0) { found.push("list " + list[0]); }
    if (shared.inner.id !== undefined) { found.push("shared " + shared.inner.id); }
    if (typeof undeclared !== "undefined") { found.push("undeclared " + undeclared); }
    if (hook.mark !== undefined) { found.push("hook " + hook.mark); }
    if (String.prototype.mark !== undefined) { found.push("prototype " + String.prototype.mark); }
    if (TykJS.mark !== undefined) { found.push("TykJS " + TykJS.mark); }
    var id = request.Params.id[0];
    count = id; list.push(id); shared.inner.id = id; undeclared = id; hook.mark = id; String.prototype.mark = id; TykJS.mark = id;
    request.SetHeaders["X-Id"] = [count, list, shared.inner.id, undeclared, hook.mark, "".mark, TykJS.mark].join(" ");
    request.SetHeaders["X-Found"] = found.join(", ");
    return hook.ReturnData(request, {});
});`

// globalRequests is how many requests I5 sends.
func globalRequests() int {
	if longtest.Enabled() && !testing.Short() {
		return 10_000
	}
	return 1_000
}

// playGlobals is I5.
func playGlobals(t *testing.T, c *acceptance, engine string) {
	requests := globalRequests()
	w := newWorld(t, c, engine)
	w.plant(t, preAPI("a", globalsScript))
	w.start(t)
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxConnsPerHost: 256, MaxIdleConnsPerHost: 256}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	var wrong atomic.Int64
	for i := range requests {
		all.Go(func() {
			r, err := client.Get(w.url + "/a/x?id=" + url.QueryEscape(fmt.Sprint("id", i)))
			if err != nil {
				wrong.Add(1)
				t.Log(err)
				return
			}
			defer r.Body.Close()
			if r.StatusCode != http.StatusOK {
				wrong.Add(1)
				t.Logf("status %d", r.StatusCode)
			}
		})
	}
	all.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d requests failed", n, requests)
	}
	seen := w.echo.since(0)
	if len(seen) != requests {
		t.Errorf("the upstream got %d requests, want %d", len(seen), requests)
	}
	for _, s := range seen {
		_, id, _ := strings.Cut(s.URL, "id=")
		want := strings.Join(slices.Repeat([]string{id}, 7), " ")
		if got, found := s.Headers.Get("X-Id"), s.Headers.Get("X-Found"); got != want || found != "" {
			t.Fatalf("request %s: wrote %q and found %q", id, got, found)
		}
	}
}
