package coproc_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
)

// TestProcessesAnswerAPublicLibrary drives the processes by a client that
// knows JSON-RPC 2.0 and nothing of ours: a second opinion on every frame.
func TestProcessesAnswerAPublicLibrary(t *testing.T) {
	for _, p := range programs(t) {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			client := dial(t, p)
			call := func(method string, params any) (string, error) {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				reply, err := client.Call(ctx, method, params)
				if err != nil {
					return "", err
				}
				return reply.ResultString(), nil
			}
			wantError(t, call, "dispatch", nil, -32002)
			if got, err := call("initialize", map[string]any{"protocol": []string{"1.0"}}); err != nil || !strings.Contains(got, `"hook_name":"conform"`) {
				t.Fatalf("initialize: %s, %v", got, err)
			}
			if err := client.Notify(t.Context(), "initialized", nil); err != nil {
				t.Fatal(err)
			}
			if got, err := call("api/load", map[string]any{
				"api_id": "a", "generation": 1, "config_data": map[string]any{"script": map[string]any{"pre": []string{"echo-header X-Id X-Id"}}},
			}); err != nil || got != "{}" {
				t.Fatalf("api/load: %s, %v", got, err)
			}
			wantError(t, call, "reticulate", nil, -32601)
			callMany(t, call)
			if got, err := call("shutdown", map[string]any{"grace_ms": 1000}); err != nil || got != "{}" {
				t.Fatalf("shutdown: %s, %v", got, err)
			}
		})
	}
}

// dial starts a process and returns a client of it.
func dial(t *testing.T, p program) *jrpc2.Client {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.command[0], p.command[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	client := jrpc2.NewClient(channel.Line(out, in), nil)
	t.Cleanup(func() {
		_ = client.Close()
		_ = cmd.Wait()
	})
	return client
}

type caller func(method string, params any) (string, error)

func wantError(t *testing.T, call caller, method string, params any, code int) {
	t.Helper()
	_, err := call(method, params)
	if e, ok := errors.AsType[*jrpc2.Error](err); !ok || int(e.Code) != code {
		t.Errorf("%s: %v, want error %d", method, err, code)
	}
}

// callMany makes calls at the same time and wants each its own answer.
func callMany(t *testing.T, call caller) {
	t.Helper()
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			got, err := call("dispatch", map[string]any{
				"hook_type": "pre", "hook_name": "conform", "api_id": "a", "generation": 1, "deadline_ms": limit.Milliseconds(),
				"request": map[string]any{"header_list": [][]string{{"X-Id", fmt.Sprint("n", i)}}},
			})
			if err != nil || !strings.Contains(got, fmt.Sprintf(`"n%d"`, i)) {
				t.Errorf("call %d: %s, %v", i, got, err)
			}
		})
	}
	all.Wait()
}
