package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/admin"
	"github.com/c386954a/sallyport/proxy/chain"
)

// plugin is an abi.Plugin made of one function.
type plugin func(x *abi.Exchange) (abi.Verdict, error)

func (p plugin) Declares() abi.Declaration                 { return abi.Declaration{Hooks: abi.AllHooks} }
func (p plugin) Call(x *abi.Exchange) (abi.Verdict, error) { return p(x) }
func (p plugin) Close(context.Context) error               { return nil }
func answer(x *abi.Exchange) (abi.Verdict, error)          { return abi.Respond, x.Answer(401, nil) }

func timeout(*abi.Exchange) (abi.Verdict, error) { return 0, abi.Errorf(abi.Timeout, "late") }
func pass(*abi.Exchange) (abi.Verdict, error)    { return abi.Continue, nil }
func step(name string, p plugin, on chain.Policy) *chain.Step {
	return &chain.Step{Name: name, Model: "builtin", Plugin: p, OnFault: on}
}

// serve starts an admin server for one chain and returns its address.
func serve(t *testing.T, c *chain.Chain) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := admin.New(admin.Config{Version: "1.2.3", Chains: func() []*chain.Chain { return []*chain.Chain{c} }})
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	reply, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(body)
}

// busyChain has served one request that its open step faulted and its last
// step answered.
func busyChain(t *testing.T) *chain.Chain {
	t.Helper()
	cfg := chain.Config{API: &abi.API{Name: "orders", ID: "o1", ListenPath: "/orders/"}}
	cfg.Steps[abi.Pre] = []*chain.Step{step("ok", pass, chain.Closed), step("late", timeout, chain.Open), step("no", answer, chain.Closed)}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if v, err := c.HandleRequest(new(abi.Exchange)); v != chain.Answered || err != nil {
		t.Fatalf("HandleRequest() = %v, %v, want respond", v, err)
	}
	return c
}

func TestStatusShowsEveryPluginOfTheChain(t *testing.T) {
	code, body := get(t, serve(t, busyChain(t))+"/status")
	var got admin.StatusReport
	if err := json.Unmarshal([]byte(body), &got); err != nil || code != 200 {
		t.Fatalf("status %d, %v in %s", code, err, body)
	}
	if len(got.APIs) != 1 || len(got.APIs[0].Plugins) != 3 || got.Version != "1.2.3" {
		t.Fatalf("got %s", body)
	}
	p := got.APIs[0].Plugins
	if p[0].Calls != 1 || p[1].Faults["timeout"] != 1 || p[1].Skipped != 1 || p[2].Responds != 1 {
		t.Errorf("counts are wrong: %s", body)
	}
}

func TestMetricsCountCallsAndFaults(t *testing.T) {
	_, body := get(t, serve(t, busyChain(t))+"/metrics")
	for _, want := range []string{
		`sallyport_plugin_calls_total{api="orders",hook="pre",model="builtin",plugin="late"} 1`,
		`sallyport_plugin_faults_total{api="orders",hook="pre",kind="timeout",model="builtin",plugin="late"} 1`,
		`sallyport_plugin_responds_total{api="orders",hook="pre",model="builtin",plugin="no"} 1`,
		`process_resident_memory_bytes`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestHealthAnswersAndUnknownPathsDoNot(t *testing.T) {
	url := serve(t, busyChain(t))
	if code, body := get(t, url+"/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("healthz = %d %q", code, body)
	}
	if code, _ := get(t, url+"/secrets"); code != 404 {
		t.Errorf("unknown path = %d, want 404", code)
	}
}

// sandboxed is a plugin that reports how its instances are kept.
type sandboxed struct{ plugin }

func (sandboxed) Status() abi.Status {
	return abi.Status{Mode: abi.Fresh, Reset: "page-scan", Reason: "why", Instances: 3, Idle: 2, Memory: 4096}
}

func TestStatusShowsHowInstancesAreKept(t *testing.T) {
	cfg := chain.Config{API: &abi.API{Name: "orders", ID: "o1"}}
	cfg.Steps[abi.Pre] = []*chain.Step{{Name: "s", Model: "wasm", Plugin: sandboxed{pass}}, step("plain", pass, chain.Closed)}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, body := get(t, serve(t, c)+"/status")
	var got admin.StatusReport
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := admin.InstanceStatus{Mode: "fresh", Reset: "page-scan", Reason: "why", Live: 3, Idle: 2, Memory: 4096}
	plugins := got.APIs[0].Plugins
	if plugins[0].Instances == nil || *plugins[0].Instances != want {
		t.Errorf("got %s, want %+v", body, want)
	}
	if plugins[1].Instances != nil {
		t.Errorf("a plugin that does not report has %+v", plugins[1].Instances)
	}
}

// TestTheBreakerOfAPluginIsShown has two steps that share one, and one without.
func TestTheBreakerOfAPluginIsShown(t *testing.T) {
	cfg := chain.Config{API: &abi.API{Name: "orders"}}
	late, later, other := step("late", timeout, chain.Open), step("late", timeout, chain.Open), step("ok", pass, chain.Closed)
	late.Breaker = chain.NewBreaker(chain.BreakerConfig{Timeouts: 1, Pause: time.Hour, MaxPause: time.Hour})
	later.Breaker = late.Breaker
	cfg.Steps[abi.Pre], cfg.Steps[abi.Post] = []*chain.Step{late, other}, []*chain.Step{later}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if v, err := c.HandleRequest(new(abi.Exchange)); v != chain.Forward || err != nil {
		t.Fatalf("HandleRequest() = %v, %v, want continue", v, err)
	}
	url := serve(t, c)
	_, body := get(t, url+"/status")
	var got admin.StatusReport
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	p := got.APIs[0].Plugins
	if p[0].Breaker != "open" || p[1].Breaker != "" || p[2].Breaker != "open" || p[0].Refused != 0 || p[2].Refused != 1 {
		t.Errorf("breakers are not as they are: %s", body)
	}
	_, body = get(t, url+"/metrics")
	for _, want := range []string{
		`sallyport_plugin_breaker_state{model="builtin",plugin="late"} 2`,
		`sallyport_plugin_refused_total{api="orders",hook="post",model="builtin",plugin="late"} 1`,
	} {
		if strings.Count(body, want) != 1 {
			t.Errorf("metrics do not have one %s", want)
		}
	}
}
