package conform

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// Handlers returns conform as handlers of an external plugin process.
func Handlers() []child.Handler {
	return []child.Handler{{
		Name: "conform",
		Hooks: []child.Hook{
			child.Pre, child.Auth, child.PostKeyAuth, child.RateLimit, child.Post, child.Virtual, child.Response, child.Events,
		},
		Body: child.Text,
		Writes: []child.Part{
			child.Headers, child.Query, child.Path, child.Method, child.Host, child.Body, child.Status, child.SessionValues, child.Meta,
		},
		Func: callProcess,
	}}
}

// callProcess carries out the script of the running hook.
func callProcess(ctx context.Context, c *child.Call) (*child.Result, error) {
	var config map[string]any
	if err := json.Unmarshal(c.API.ConfigData, &config); err != nil {
		return nil, err
	}
	scripts, _ := config["script"].(map[string]any)
	lines, _ := scripts[string(c.HookType)].([]any)
	p := processCall{in: c, config: config, out: child.Result{Action: "continue"}}
	if c.HookType == "auth" {
		p.out.Action = "allow"
	}
	for _, line := range lines {
		text, _ := line.(string)
		if err := p.run(ctx, text); err != nil {
			return nil, err
		}
	}
	return &p.out, nil
}

// processCall is one call of conform in a process: it collects the changes
// that the answer will hold.
type processCall struct {
	in     *child.Call
	config map[string]any
	out    child.Result
}

// run carries out one line.
func (p *processCall) run(ctx context.Context, line string) error {
	name, args, _ := strings.Cut(line, " ")
	switch {
	case name == "fail":
		return errors.New("told to fail")
	case name == "hang":
		<-ctx.Done()
		return ctx.Err()
	case name == "print":
		fmt.Fprintln(os.Stdout, args) // the SDK keeps it from the protocol
		return nil
	case strings.HasPrefix(name, "echo-"):
		return p.echo(name, args)
	case strings.HasSuffix(name, "-header"):
		return p.header(name, args)
	case strings.HasSuffix(name, "-body"):
		return p.body(name, args)
	}
	return p.set(name, args)
}

// edits returns the edits of the request, or of the reply.
func (p *processCall) edits(reply bool) *child.Edits {
	at := &p.out.Request
	if reply {
		at = &p.out.Response
	}
	if *at == nil {
		*at = &child.Edits{}
	}
	return *at
}

func ofReply(op string) bool { return strings.Contains(op, "-reply-") }

func (p *processCall) header(op, args string) error {
	name, value, _ := strings.Cut(args, " ")
	e := p.edits(ofReply(op))
	switch op[:4] {
	case "set-":
		setField(e, name, value)
	case "add-":
		e.AddHeaders = append(e.AddHeaders, child.Field{Name: name, Value: value})
	case "del-":
		e.DeleteHeaders = append(e.DeleteHeaders, name)
	default:
		return unknown(op)
	}
	return nil
}

// setField sets a field. Only added ones may have values that are not UTF-8.
func setField(e *child.Edits, name, value string) {
	if utf8.ValidString(value) {
		e.SetHeaders.Set(name, value)
		return
	}
	e.DeleteHeaders = append(e.DeleteHeaders, name)
	e.AddHeaders = append(e.AddHeaders, child.Field{Name: name, Value: value})
}

func (p *processCall) body(op, args string) error {
	data, err := hex.DecodeString(args)
	if err != nil {
		return err
	}
	if strings.HasPrefix(op, "append-") {
		data = append(p.seen(ofReply(op)).Body(), data...)
	}
	p.edits(ofReply(op)).Raw = &data
	return nil
}

// seen returns the request, or the reply, which may not be there.
func (p *processCall) seen(reply bool) *child.Message {
	switch {
	case !reply:
		return &p.in.Request
	case p.in.Response != nil:
		return p.in.Response
	}
	return &child.Message{}
}

func (p *processCall) set(op, args string) error {
	first, rest, _ := strings.Cut(args, " ")
	switch op {
	case "set-method":
		p.edits(false).Method = args
	case "set-uri":
		p.edits(false).URL = args
	case "set-host":
		p.edits(false).Host = args
	case "set-status":
		return p.status(args)
	case "set-meta":
		if p.out.Meta == nil {
			p.out.Meta = map[string]string{}
		}
		p.out.Meta[first] = rest
	case "set-session":
		return p.session(args)
	case "set-metadata":
		if p.out.Session == nil {
			p.out.Session = &child.Session{}
		}
		return json.Unmarshal([]byte(args), &p.out.Session.Metadata)
	case "answer":
		return p.answer(first, rest)
	default:
		return unknown(op)
	}
	return nil
}

func (p *processCall) status(args string) (err error) {
	p.edits(true).StatusCode, err = strconv.Atoi(args)
	return err
}

// session takes the names of the session store, where metadata is meta_data.
func (p *processCall) session(args string) error {
	var s struct {
		child.Session
		MetaData map[string]any `json:"meta_data"`
	}
	if err := json.Unmarshal([]byte(args), &s); err != nil {
		return err
	}
	s.Metadata = s.MetaData
	p.out.Session = &s.Session
	return nil
}

func (p *processCall) answer(status, body string) error {
	data, err := hex.DecodeString(body)
	if err != nil {
		return err
	}
	p.out.Action = "respond"
	p.edits(true).Raw = &data
	return p.status(status)
}

func (p *processCall) echo(op, args string) error {
	src, dst, two := strings.Cut(args, " ")
	if !two {
		dst = src
	}
	value, err := p.see(op, src)
	if err != nil {
		return err
	}
	setField(p.edits(p.in.HookType == "response"), dst, value)
	return nil
}

// see returns what an echo reports.
func (p *processCall) see(op, src string) (string, error) {
	request, reply := p.seen(false), p.seen(true)
	switch op {
	case "echo-header":
		return first(request.Values(src)), nil
	case "echo-values":
		return joined(request.Values(src)), nil
	case "echo-reply-header":
		return first(reply.Values(src)), nil
	case "echo-meta":
		if v, ok := p.in.Meta[src]; ok {
			return v, nil
		}
		return none, nil
	case "echo-config":
		return knownText(p.config[src]), nil
	case "echo-metadata", "echo-session":
		return p.seeSession(op, src), nil
	case "echo-method":
		return request.Method, nil
	case "echo-uri":
		return request.URL, nil
	case "echo-host":
		return request.Host, nil
	case "echo-status":
		return strconv.Itoa(reply.StatusCode), nil
	case "echo-body":
		return hexOf(request.Body()), nil
	case "echo-reply-body":
		return hexOf(reply.Body()), nil
	}
	return "", unknown(op)
}

func (p *processCall) seeSession(op, name string) string {
	s := p.in.Session
	switch {
	case s == nil:
		return none
	case op == "echo-session":
		return s.KeyID + "/" + s.Alias
	}
	return knownText(s.Metadata[name])
}

func first(values []string) string {
	if len(values) == 0 {
		return none
	}
	return values[0]
}

func joined(values []string) string {
	if len(values) == 0 {
		return none
	}
	return strings.Join(values, "|")
}
