package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// demoChildName is the hidden command that plays the external process of the
// demo: the same program in another process, with nothing shared but a pipe. It
// also does the harm that the isolation lab asks for.
const demoChildName = "demo-child"

func newDemoChildCmd() *cobra.Command {
	return &cobra.Command{
		Use:    demoChildName,
		Short:  "The external process of the demo: speaks JSON-RPC on stdin and stdout",
		Hidden: true,
		RunE:   func(_ *cobra.Command, args []string) error { return attack.Child(args, demoHandler()) },
	}
}

// demoHandler is the header hook as an external process implements it.
func demoHandler() child.Handler {
	return child.Handler{
		Name: "headers", Hooks: []child.Hook{child.Pre},
		Headers: []string{"authorization", "user-agent"}, Writes: []child.Part{"headers"},
		Func: demoHeaders,
	}
}

func demoHeaders(_ context.Context, c *child.Call) (*child.Result, error) {
	key, agent := "", ""
	for _, f := range c.Request.Header {
		switch strings.ToLower(f.Name) {
		case "authorization":
			key = f.Value
		case "user-agent":
			agent = f.Value
		}
	}
	if key == "" {
		return unauthorized(), nil
	}
	_, token, _ := strings.Cut(key, " ")
	tenant, _, _ := strings.Cut(token, ".")
	return &child.Result{Action: "continue", Request: &child.Edits{
		DeleteHeaders: []string{"X-Debug"},
		SetHeaders:    child.Fields{{Name: "X-Tenant", Value: tenant}, {Name: "X-Agent", Value: agent}},
	}}, nil
}

func unauthorized() *child.Result {
	return &child.Result{Action: "respond", Request: &child.Edits{Overrides: &child.Overrides{
		ResponseCode: 401, ResponseBody: `{"error":"authorization required"}`, OverrideError: true,
	}}}
}
