package coproc_test

import (
	"context"
	"strconv"
	"time"

	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// handlers are those of the well-behaved child.
func handlers() []child.Handler {
	augment := []child.Hook{"pre", "post_key_auth", "post", "response"}
	return []child.Handler{
		{
			Name: "tag", Hooks: augment,
			Headers: []string{"user-agent", "authorization"}, Writes: []child.Part{"headers", "meta"},
			Func: tag,
		},
		{Name: "block", Hooks: augment, Headers: []string{}, Func: block},
		{Name: "slow", Hooks: augment, Func: slow},
		{Name: "panic", Hooks: augment, Func: func(context.Context, *child.Call) (*child.Result, error) {
			panic("boom")
		}},
		{Name: "tenant", Hooks: []child.Hook{child.Auth}, Writes: []child.Part{"headers"}, Func: tenant},
		{
			Name: "upper", Hooks: augment, Body: "utf8", MaxBody: 1 << 20,
			Writes: []child.Part{"body"}, Func: upper,
		},
		{Name: "read", Hooks: augment, Body: "base64", Func: func(context.Context, *child.Call) (*child.Result, error) {
			return nil, nil
		}},
	}
}

// tag sets a header from another one.
func tag(_ context.Context, c *child.Call) (*child.Result, error) {
	agent, _ := c.Request.Get("User-Agent")
	return &child.Result{
		Action: "continue",
		Request: &child.Edits{
			SetHeaders:    child.Fields{{Name: "X-Tenant", Value: "acme"}, {Name: "X-Agent", Value: agent}},
			DeleteHeaders: []string{"X-Debug"},
		},
	}, nil
}

// block answers only when it is told to stop.
func block(ctx context.Context, _ *child.Call) (*child.Result, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// slow answers after a while.
func slow(context.Context, *child.Call) (*child.Result, error) {
	time.Sleep(50 * time.Millisecond)
	return nil, nil
}

func tenant(_ context.Context, c *child.Call) (*child.Result, error) {
	key, ok := c.Request.Get("Authorization")
	if !ok {
		return &child.Result{Action: "deny"}, nil
	}
	return &child.Result{
		Action:  "allow",
		Session: &child.Session{KeyID: key, Alias: "ann", Metadata: map[string]any{"plan": "gold"}},
	}, nil
}

func upper(_ context.Context, c *child.Call) (*child.Result, error) {
	b := c.Request.Body()
	for i := range b {
		if 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return &child.Result{Action: "continue", Request: &child.Edits{Raw: &b}}, nil
}

// millis reads a number of milliseconds.
func millis(s string) time.Duration {
	n, _ := strconv.Atoi(s)
	return time.Duration(n) * time.Millisecond
}
