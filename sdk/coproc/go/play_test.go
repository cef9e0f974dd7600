package sallyport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
)

// play plays frames and returns the answers.
func play(t *testing.T, p sallyport.Plugin, frames ...string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Play(context.Background(), strings.NewReader(strings.Join(frames, "\n")+"\n"), &out); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

func TestPlayAnswersInOrder(t *testing.T) {
	slow := handler(func(ctx context.Context, c *sallyport.Call) (*sallyport.Result, error) {
		<-ctx.Done() // of a deadline of one millisecond
		return nil, nil
	})
	short := strings.Replace(run, `"deadline_ms":60000`, `"deadline_ms":1`, 1)
	got := play(t, sallyport.Plugin{Handlers: []sallyport.Handler{slow}}, "# a comment", ready, loadAPI, short, `{"jsonrpc":"2.0","id":9,"method":"ping"}`)
	want(t, got, 1, `"id":3`)
	want(t, got, 2, `"id":9`)
}

func TestDeclarationIsSplitByMode(t *testing.T) {
	h := sallyport.Handler{Name: "h", Hooks: []sallyport.Hook{sallyport.Pre, sallyport.Auth}, Headers: []string{}, Cacheable: true}
	got := play(t, sallyport.Plugin{Handlers: []sallyport.Handler{h}}, hello)
	want(t, got, 0, `{"hook_name":"h","hook_types":["pre"],"mode":"augment","headers":[],"body":"none","writes":[]}`)
	want(t, got, 0, `{"hook_name":"h","hook_types":["auth"],"mode":"replace","headers":[],"body":"none","writes":[],"cacheable":true}`)
}

func TestOnLoadRefusesAnAPI(t *testing.T) {
	p := sallyport.Plugin{Handlers: []sallyport.Handler{handler(waits)}, OnLoad: func(_ context.Context, _ *sallyport.Gateway, a *sallyport.API) error {
		var config struct{ K string }
		if err := a.Config(&config); err != nil {
			return err
		}
		return fmt.Errorf("k is %s", config.K)
	}}
	want(t, play(t, p, ready, loadAPI, run), 0, `"code":-32603,"message":"k is v"`)
	want(t, play(t, p, ready, loadAPI, run), 1, `"code":4003`)
}

func TestSandboxIsKnownToHandlers(t *testing.T) {
	h := handler(func(_ context.Context, c *sallyport.Call) (*sallyport.Result, error) {
		return &sallyport.Result{Action: "continue", Meta: map[string]string{"sandbox": string(c.Gateway.Sandbox)}}, nil
	})
	greeting := strings.Replace(hello, `"params":{`, `"params":{"sandbox":{"uid":1},`, 1)
	got := play(t, sallyport.Plugin{Handlers: []sallyport.Handler{h}}, greeting, ready, loadAPI, run)
	want(t, got, 2, `"sandbox":"{\"uid\":1}"`)
}

func TestErrorsHaveTheirCodes(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{sallyport.Unavailable(errors.New("no redis")), `"code":4006,"message":"no redis"`},
		{fmt.Errorf("wrapped: %w", sallyport.Overloaded(20*time.Millisecond)), `"code":4004,"message":"overloaded","data":{"retry_after_ms":20}`},
	} {
		h := handler(func(context.Context, *sallyport.Call) (*sallyport.Result, error) { return nil, test.err })
		want(t, play(t, sallyport.Plugin{Handlers: []sallyport.Handler{h}}, ready, loadAPI, run), 1, test.want)
	}
}

func TestWindowFullIsOverloaded(t *testing.T) {
	p := sallyport.Plugin{Handlers: []sallyport.Handler{handler(waits)}, MaxInFlight: 1}
	got := session(t, 2, p, []string{ready, loadAPI, run, strings.Replace(run, `"id":3`, `"id":4`, 1)})
	want(t, got, 1, `"id":4,"error":{"code":4004`)
}

func TestHandlerThatIgnoresItsContextDoesNotKeepTheProcess(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	stuck := handler(func(context.Context, *sallyport.Call) (*sallyport.Result, error) {
		<-block
		return nil, nil
	})
	session(t, 1, sallyport.Plugin{Handlers: []sallyport.Handler{stuck}, Grace: time.Millisecond}, []string{ready, loadAPI, run})
}

func TestLogLinesAreJoinedWithTheRequest(t *testing.T) {
	h := handler(func(_ context.Context, c *sallyport.Call) (*sallyport.Result, error) {
		c.Log(sallyport.Warn, "slow", map[string]any{"ms": 7})
		c.Gateway.Count("seen", 1, nil)
		c.Gateway.Status(sallyport.Degraded, 8)
		return nil, nil
	})
	got := play(t, sallyport.Plugin{Handlers: []sallyport.Handler{h}}, ready, loadAPI, strings.Replace(run, `"deadline_ms"`, `"request_id":"9f","deadline_ms"`, 1))
	want(t, got, 1, `"method":"log","params":{"level":"warn","msg":"slow","attrs":{"ms":7},"request_id":"9f"}`)
	want(t, got, 2, `"method":"metric","params":{"name":"seen","kind":"counter","value":1}`)
	want(t, got, 3, `"method":"status","params":{"state":"degraded","max_in_flight":8}`)
}

func TestHeaderBytesSurvive(t *testing.T) {
	h := handler(func(_ context.Context, c *sallyport.Call) (*sallyport.Result, error) {
		v, _ := c.Request.Get("x")
		return sallyport.Edit(sallyport.Edits{AddHeaders: []sallyport.Field{{Name: "Y", Value: v}}}), nil
	})
	frame := strings.Replace(run, `"deadline_ms"`, `"request":{"header_list":[["X",null,"/w=="]]},"deadline_ms"`, 1)
	want(t, play(t, sallyport.Plugin{Handlers: []sallyport.Handler{h}}, ready, loadAPI, frame), 1, `"add_headers":[["Y",null,"/w=="]]`)
}

func TestResultsSayWhatTheyMean(t *testing.T) {
	for _, test := range []struct {
		result *sallyport.Result
		want   string
	}{
		{sallyport.Respond(201, []byte("ok")), `{"action":"respond","response":{"status_code":201,"body":"ok"}}`},
		{sallyport.Respond(200, []byte("\xff")), `{"action":"respond","response":{"status_code":200,"raw_body":"/w=="}}`},
		{sallyport.Refuse(429, "slow down"), `{"action":"respond","request":{"return_overrides":{"response_code":429,"response_error":"slow down"}}}`},
		{sallyport.Allow(&sallyport.Session{KeyID: "k"}), `{"action":"allow","session":{"key_id":"k"}}`},
		{sallyport.Deny(), `{"action":"deny"}`},
		{sallyport.EditReply(sallyport.Edits{StatusCode: 204}), `{"action":"continue","response":{"status_code":204}}`},
	} {
		b, err := json.Marshal(test.result)
		if err != nil || string(b) != test.want {
			t.Errorf("result is %s, %v: want %s", b, err, test.want)
		}
	}
}

func ExamplePlugin_Play() {
	p := sallyport.Plugin{Name: "hello", Handlers: []sallyport.Handler{{
		Name: "hello", Hooks: []sallyport.Hook{sallyport.Pre}, Writes: []sallyport.Part{sallyport.Headers},
		Func: func(_ context.Context, c *sallyport.Call) (*sallyport.Result, error) {
			return sallyport.Edit(sallyport.Edits{SetHeaders: sallyport.Fields{{Name: "X-Hello", Value: c.APIID}}}), nil
		},
	}}}
	frames := `{"jsonrpc":"2.0","method":"initialized"}
{"jsonrpc":"2.0","id":1,"method":"api/load","params":{"api_id":"orders","generation":1}}
{"jsonrpc":"2.0","id":2,"method":"dispatch","params":{"hook_type":"pre","hook_name":"hello","api_id":"orders","generation":1,"deadline_ms":50}}
`
	if err := p.Play(context.Background(), strings.NewReader(frames), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"jsonrpc":"2.0","id":1,"result":{}}
	// {"jsonrpc":"2.0","id":2,"result":{"action":"continue","request":{"set_headers":{"X-Hello":"orders"}}}}
}
