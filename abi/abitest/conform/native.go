// Package conform holds the plugin of the conformance kit, once for every
// runtime; package abitest describes what it does.
package conform

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Native is the runtime of conform in Go. It is the reference that the other
// runtimes are measured against. The zero value is ready to use.
type Native struct{}

var (
	_ abi.Runtime = Native{}
	_ abi.Plugin  = native{}
)

// Load returns the conform plugin; the spec is of no interest.
func (Native) Load(context.Context, abi.Spec) (abi.Plugin, error) { return native{}, nil }

// Close does nothing.
func (Native) Close(context.Context) error { return nil }

// native is the conform plugin.
type native struct{}

// Declares says that conform implements everything and needs every body.
func (native) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.AllHooks, RequestBody: abi.AllHooks, ReplyBody: abi.AllHooks}
}

// Call carries out the script of the running hook.
func (native) Call(x *abi.Exchange) (abi.Verdict, error) {
	var config map[string]any
	if err := json.Unmarshal(x.API.Config, &config); err != nil {
		return abi.Continue, abi.Errorf(abi.Trap, "config data: %w", err)
	}
	scripts, _ := config["script"].(map[string]any)
	lines, _ := scripts[x.Hook.String()].([]any)
	c := call{x: x, config: config}
	for _, line := range lines {
		text, _ := line.(string)
		if err := c.run(text); err != nil {
			return abi.Continue, err
		}
	}
	return c.verdict, nil
}

// Close does nothing.
func (native) Close(context.Context) error { return nil }

// call is one call of conform.
type call struct {
	x       *abi.Exchange
	config  map[string]any
	verdict abi.Verdict
}

// run carries out one line.
func (c *call) run(line string) error {
	name, args, _ := strings.Cut(line, " ")
	switch {
	case name == "fail":
		return abi.Errorf(abi.Trap, "told to fail")
	case name == "hang":
		time.Sleep(time.Until(c.x.Deadline))
		return abi.Errorf(abi.Timeout, "told to hang")
	case strings.HasPrefix(name, "echo-"):
		return c.echo(name, args)
	case strings.HasSuffix(name, "-header"):
		return c.header(name, args)
	case strings.HasSuffix(name, "-body"):
		return c.body(name, args)
	}
	return c.set(name, args)
}

// header carries out set-, add- and del-request-header and -reply-header.
func (c *call) header(op, args string) error {
	name, value, _ := strings.Cut(args, " ")
	m := messageOf(op)
	switch op[:4] {
	case "set-":
		return c.x.SetHeader(m, []byte(name), []byte(value))
	case "add-":
		return c.x.AddHeader(m, []byte(name), []byte(value))
	case "del-":
		return c.x.DelHeader(m, []byte(name))
	}
	return unknown(op)
}

// body carries out set- and append-request-body and -reply-body.
func (c *call) body(op, args string) error {
	data, err := hex.DecodeString(args)
	if err != nil {
		return abi.Errorf(abi.Trap, "%s: %w", op, err)
	}
	m := messageOf(op)
	if strings.HasPrefix(op, "append-") {
		old := c.x.Body(m)
		data = append(slices.Clip(old), data...)
	}
	return c.x.SetBody(m, data)
}

// set carries out the remaining edits.
func (c *call) set(op, args string) error {
	first, rest, _ := strings.Cut(args, " ")
	switch op {
	case "set-method":
		return c.x.SetMethod([]byte(args))
	case "set-uri":
		return c.x.SetURI([]byte(args))
	case "set-host":
		return c.x.SetHost([]byte(args))
	case "set-status":
		return c.status(args)
	case "set-meta":
		return c.x.SetMeta([]byte(first), []byte(rest))
	case "set-session":
		return c.session(args)
	case "set-metadata":
		return c.metadata(args)
	case "answer":
		return c.answer(first, rest)
	}
	return unknown(op)
}

func (c *call) status(args string) error {
	n, err := strconv.Atoi(args)
	if err != nil {
		return abi.Errorf(abi.Trap, "set-status: %w", err)
	}
	return c.x.SetStatus(n)
}

func (c *call) session(args string) error {
	s := new(abi.Session)
	if err := json.Unmarshal([]byte(args), s); err != nil {
		return abi.Errorf(abi.Trap, "set-session: %w", err)
	}
	return c.x.SetSession(s)
}

func (c *call) metadata(args string) error {
	var m map[string]any
	if err := json.Unmarshal([]byte(args), &m); err != nil {
		return abi.Errorf(abi.Trap, "set-metadata: %w", err)
	}
	return c.x.SetMetadata(m)
}

func (c *call) answer(status, body string) error {
	n, err := strconv.Atoi(status)
	if err != nil {
		return abi.Errorf(abi.Trap, "answer: %w", err)
	}
	data, err := hex.DecodeString(body)
	if err != nil {
		return abi.Errorf(abi.Trap, "answer: %w", err)
	}
	c.verdict = abi.Respond
	return c.x.Answer(n, data)
}

// echo writes what the plugin sees into a header field.
func (c *call) echo(op, args string) error {
	src, dst, two := strings.Cut(args, " ")
	if !two {
		dst = src
	}
	value, err := c.see(op, src)
	if err != nil {
		return err
	}
	m := abi.OfRequest
	if !c.x.Hook.BeforeReply() {
		m = abi.OfReply
	}
	return c.x.SetHeader(m, []byte(dst), []byte(value))
}

// see returns what an echo reports.
func (c *call) see(op, src string) (string, error) {
	x := c.x
	switch op {
	case "echo-header":
		return known(x.Request.Header.Get([]byte(src))), nil
	case "echo-values":
		return values(x.Request.Header, []byte(src)), nil
	case "echo-reply-header":
		return known(x.Reply.Header.Get([]byte(src))), nil
	case "echo-meta":
		return known(x.Meta.Get([]byte(src))), nil
	case "echo-metadata":
		return c.seeMetadata(src), nil
	case "echo-session":
		return c.seeSession(), nil
	case "echo-config":
		return knownText(c.config[src]), nil
	case "echo-method":
		return string(x.Request.Method), nil
	case "echo-uri":
		return string(x.Request.URI), nil
	case "echo-host":
		return string(x.Request.Host), nil
	case "echo-status":
		return strconv.Itoa(x.Reply.Status), nil
	case "echo-body":
		return hexOf(x.Request.Body), nil
	case "echo-reply-body":
		return hexOf(x.Reply.Body), nil
	}
	return "", unknown(op)
}

func (c *call) seeSession() string {
	if c.x.Session == nil {
		return none
	}
	return c.x.Session.KeyID + "/" + c.x.Session.Alias
}

func (c *call) seeMetadata(name string) string {
	if c.x.Session == nil {
		return none
	}
	return knownText(c.x.Session.Metadata[name])
}

// none stands for a value that is not there.
const none = "(none)"

func known(value []byte, ok bool) string {
	if !ok {
		return none
	}
	return string(value)
}

func knownText(value any) string {
	if value == nil {
		return none
	}
	return fmt.Sprint(value)
}

func values(h abi.Header, name []byte) string {
	var all []string
	for i := h.Index(name, 0); i >= 0; i = h.Index(name, i+1) {
		all = append(all, string(h[i].Value))
	}
	if all == nil {
		return none
	}
	return strings.Join(all, "|")
}

func hexOf(body []byte) string {
	if len(body) == 0 {
		return "(empty)"
	}
	return hex.EncodeToString(body)
}

func messageOf(op string) abi.Message {
	if strings.Contains(op, "-reply-") {
		return abi.OfReply
	}
	return abi.OfRequest
}

func unknown(op string) error { return abi.Errorf(abi.Trap, "no line %s", op) }
