package parts

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// Process has the four hooks of the benchmark as an external process in Go.
func Process() error {
	pair := []string{"authorization", "user-agent"}
	headers, body := []child.Part{child.Headers}, []child.Part{child.Headers, child.Body}
	return child.Main(
		child.Handler{Name: "headers", Hooks: []child.Hook{child.Pre}, Headers: pair, Writes: headers, Func: processHeaders},
		child.Handler{
			Name: "json", Hooks: []child.Hook{child.Post}, Headers: []string{}, Body: child.Text, Writes: body,
			Func: processJSON,
		},
		child.Handler{
			Name: "auth", Hooks: []child.Hook{child.Auth}, Headers: pair[:1],
			Writes: []child.Part{child.Headers, child.SessionValues}, Func: processAuth,
		},
		child.Handler{
			Name: "response", Hooks: []child.Hook{child.Response}, Headers: []string{}, Body: child.Text,
			Writes: body, Func: processResponse,
		},
	)
}

// tokenOf returns what follows the scheme in "Bearer TENANT.SECRET".
func tokenOf(c *child.Call) string {
	value, _ := c.Request.Get("Authorization")
	_, token, _ := strings.Cut(value, " ")
	return token
}

// processHeaders reads two fields, sets two and removes one.
func processHeaders(_ context.Context, c *child.Call) (*child.Result, error) {
	agent, _ := c.Request.Get("User-Agent")
	tenant, _, _ := strings.Cut(tokenOf(c), ".")
	return child.Edit(child.Edits{
		SetHeaders:    child.Fields{{Name: "X-Tenant", Value: tenant}, {Name: "X-Agent", Value: agent}},
		DeleteHeaders: []string{"X-Debug"},
	}), nil
}

// processJSON reads a body, changes one member and sets two fields.
func processJSON(_ context.Context, c *child.Call) (*child.Result, error) {
	var order map[string]any
	if err := json.Unmarshal(c.Request.Body(), &order); err != nil {
		return nil, err
	}
	id, _ := order["id"].(string)
	status, _ := order["status"].(string)
	order["status"] = "seen"
	e := child.Edits{SetHeaders: child.Fields{{Name: "X-Order", Value: id}, {Name: "X-Status", Value: status}}}
	if err := setJSON(&e, order); err != nil {
		return nil, err
	}
	return child.Edit(e), nil
}

// processAuth looks the tenant of the key up: in its own memory, that is what
// a process is for.
func processAuth(_ context.Context, c *child.Call) (*child.Result, error) {
	if tokenOf(c) != guest.Key {
		return child.Refuse(401, "unknown key"), nil
	}
	r := child.Allow(&child.Session{KeyID: guest.Tenant})
	r.Request = &child.Edits{SetHeaders: child.Fields{{Name: "X-Tenant", Value: guest.Tenant}}}
	return r, nil
}

// processResponse sets a field, removes one and changes a member of the body.
func processResponse(_ context.Context, c *child.Call) (*child.Result, error) {
	var body map[string]any
	if err := json.Unmarshal(c.Response.Body(), &body); err != nil {
		return nil, err
	}
	body["status"] = "seen"
	e := child.Edits{
		SetHeaders: child.Fields{{Name: "X-Rewritten", Value: "1"}}, DeleteHeaders: []string{"X-Powered-By"},
	}
	if err := setJSON(&e, body); err != nil {
		return nil, err
	}
	return child.EditReply(e), nil
}

func setJSON(e *child.Edits, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		e.SetBody(text)
	}
	return err
}
