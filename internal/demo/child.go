package demo

import (
	"context"
	"strings"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// Child is the external process of the demo, which shares nothing with the
// gateway but a pipe. It also does the harm that the isolation lab asks for.
// args are those of the command behind its name.
func Child(args []string) error { return attack.Child(args, handler()) }

// handler is the header hook as an external process implements it.
func handler() child.Handler {
	return child.Handler{
		Name: "headers", Hooks: []child.Hook{child.Pre},
		Headers: []string{"authorization", "user-agent"}, Writes: []child.Part{"headers"},
		Func: editHeaders,
	}
}

func editHeaders(_ context.Context, c *child.Call) (*child.Result, error) {
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
