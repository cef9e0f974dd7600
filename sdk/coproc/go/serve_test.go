package sallyport_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
)

// session runs a plugin against the lines of a gateway, and returns the first
// n answers.
func session(t *testing.T, n int, p sallyport.Plugin, lines []string) []string {
	t.Helper()
	in, toChild := io.Pipe()
	fromChild, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- p.Serve(context.Background(), in, out)
		_ = out.Close()
	}()
	go func() { _, _ = io.WriteString(toChild, strings.Join(lines, "\n")+"\n") }()
	answers := bufio.NewScanner(fromChild)
	var got []string
	for len(got) < n && answers.Scan() {
		got = append(got, answers.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, fromChild) }()
	_ = toChild.Close()
	if err := <-done; err != nil {
		t.Fatalf("Serve() = %v", err)
	}
	return got
}

const (
	hello   = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":["0.9","1.0"]}}`
	ready   = `{"jsonrpc":"2.0","method":"initialized"}`
	loadAPI = `{"jsonrpc":"2.0","id":2,"method":"api/load","params":{"api_id":"a","generation":1,"hooks":[{"hook_type":"pre","hook_name":"h"}],"config_data":{"k":"v"}}}`
	run     = `{"jsonrpc":"2.0","id":3,"method":"dispatch","params":{"hook_type":"pre","hook_name":"h","api_id":"a","generation":1,"deadline_ms":60000}}`
)

func handler(f func(context.Context, *sallyport.Call) (*sallyport.Result, error)) sallyport.Handler {
	return sallyport.Handler{Name: "h", Hooks: []sallyport.Hook{sallyport.Pre}, Func: f}
}

func plugin(f func(context.Context, *sallyport.Call) (*sallyport.Result, error)) sallyport.Plugin {
	return sallyport.Plugin{Handlers: []sallyport.Handler{handler(f)}}
}

func want(t *testing.T, got []string, i int, text string) {
	t.Helper()
	if i >= len(got) || !strings.Contains(got[i], text) {
		t.Fatalf("answer %d of %q: want %s", i, got, text)
	}
}

func TestSession(t *testing.T) {
	got := session(t, 3, plugin(func(_ context.Context, c *sallyport.Call) (*sallyport.Result, error) {
		return &sallyport.Result{Action: "continue", Meta: map[string]string{"config": string(c.API.ConfigData)}}, nil
	}), []string{hello, ready, loadAPI, "", run})
	want(t, got, 0, `"protocol":"1.0"`)
	want(t, got, 0, `"hook_name":"h"`)
	want(t, got, 1, `"id":2,"result":{}`)
	want(t, got, 2, `"id":3,"result":{"action":"continue","meta":{"config":"{\"k\":\"v\"}"}}`)
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name, want string
		lines      []string
	}{
		{"before initialized", "-32002", []string{run}},
		{"other protocol", `"code":4001`, []string{strings.Replace(hello, `"1.0"`, `"9"`, 1)}},
		{"unknown method", "-32601", []string{ready, `{"jsonrpc":"2.0","id":3,"method":"x"}`}},
		{"not JSON", "-32700", []string{"{"}},
		{"unknown API", `"code":4003`, []string{ready, run}},
		{"unknown handler", `"code":4002`, []string{ready, strings.Replace(run, `"h"`, `"x"`, 1)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want(t, session(t, 1, plugin(waits), test.lines), 0, test.want)
		})
	}
}

func TestFailingHandlersAnswer(t *testing.T) {
	for _, test := range []struct {
		name, want string
		f          func(context.Context, *sallyport.Call) (*sallyport.Result, error)
	}{
		{"error", `"code":-32603,"message":"boom"`, func(context.Context, *sallyport.Call) (*sallyport.Result, error) {
			return nil, errors.New("boom")
		}},
		{"panic", `panic: boom`, func(context.Context, *sallyport.Call) (*sallyport.Result, error) { panic("boom") }},
		{"nothing", `"action":"continue"`, func(context.Context, *sallyport.Call) (*sallyport.Result, error) { return nil, nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			want(t, session(t, 2, plugin(test.f), []string{ready, loadAPI, run}), 1, test.want)
		})
	}
}

func TestCancelEndsTheCall(t *testing.T) {
	cancel := `{"jsonrpc":"2.0","method":"cancel","params":{"id":3,"reason":"deadline"}}`
	got := session(t, 2, plugin(waits), []string{ready, loadAPI, run, cancel})
	want(t, got, 1, "-32800")
}

func TestEndOfInputEndsCalls(t *testing.T) {
	session(t, 1, plugin(waits), []string{ready, loadAPI, run})
}

func TestShutdownAnswersOnceDrained(t *testing.T) {
	shutdown := `{"jsonrpc":"2.0","id":4,"method":"shutdown","params":{"grace_ms":1}}`
	late := strings.Replace(run, `"id":3`, `"id":5`, 1)
	cancel := `{"jsonrpc":"2.0","method":"cancel","params":{"id":3}}`
	got := session(t, 4, plugin(waits), []string{ready, loadAPI, run, shutdown, late, cancel})
	want(t, got, 1, `"id":5,"error":{"code":4005`)
	want(t, got, 2, `"id":3,"error"`)
	want(t, got, 3, `"id":4,"result":{}`)
}

// waits answers only when its call is over.
func waits(ctx context.Context, _ *sallyport.Call) (*sallyport.Result, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
