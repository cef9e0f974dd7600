package coproc_test

import (
	"context"
	"fmt"
	"os"
	"strconv"

	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// benchChild is a process of the benchmarks.
func benchChild(what string) error {
	switch what {
	case "pong":
		return pong()
	case "sdk":
		return child.Main(measured("headers", child.NoBody), measured("body", child.Text))
	}
	return fmt.Errorf("no process %s", what)
}

// pong writes back each byte it reads: the floor of all exchanges.
func pong() error {
	var b [1]byte
	for {
		if _, err := os.Stdin.Read(b[:]); err != nil {
			return nil
		}
		if _, err := os.Stdout.Write(b[:]); err != nil {
			return err
		}
	}
}

// measured does what headers and body in testdata/bench.py do.
func measured(name string, body child.Form) child.Handler {
	return child.Handler{
		Name: name, Hooks: []child.Hook{child.Pre}, Body: body,
		Headers: []string{"user-agent", "authorization"}, Writes: []child.Part{child.Headers},
		Func: func(_ context.Context, c *child.Call) (*child.Result, error) {
			agent, _ := c.Request.Get("User-Agent")
			e := child.Edits{
				SetHeaders:    child.Fields{{Name: "X-Tenant", Value: "acme"}, {Name: "X-Agent", Value: agent}},
				DeleteHeaders: []string{"X-Debug"},
			}
			if body != child.NoBody {
				e.SetHeaders.Set("X-Size", strconv.Itoa(len(*c.Request.Text)))
			}
			return child.Edit(e), nil
		},
	}
}
