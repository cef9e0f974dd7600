//go:build wasip1

// Command guest is the conform plugin of the conformance kit for WebAssembly.
package main

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

//go:wasmexport sallyport_pre
func pre() sallyport.Verdict { return play("pre") }

//go:wasmexport sallyport_auth
func auth() sallyport.Verdict { return play("auth") }

//go:wasmexport sallyport_post_key_auth
func postKeyAuth() sallyport.Verdict { return play("post_key_auth") }

//go:wasmexport sallyport_rate_limit
func rateLimit() sallyport.Verdict { return play("rate_limit") }

//go:wasmexport sallyport_post
func post() sallyport.Verdict { return play("post") }

//go:wasmexport sallyport_virtual
func virtual() sallyport.Verdict { return play("virtual") }

//go:wasmexport sallyport_response
func response() sallyport.Verdict { return play("response") }

//go:wasmexport sallyport_event
func event() sallyport.Verdict { return play("event") }

// play carries out the script of a hook.
func play(hook string) sallyport.Verdict {
	return sallyport.Run(func(x *sallyport.Exchange) sallyport.Verdict {
		return run(x, hook)
	})
}

func main() {}

// none stands for a value that is not there.
const none = "(none)"

// echo writes what the plugin sees into a header field.
func (s *script) echo(op, args string) {
	src, dst, two := strings.Cut(args, " ")
	if !two {
		dst = src
	}
	must(s.echoes.Set(dst, s.see(op, src)))
}

// see returns what an echo reports.
func (s *script) see(op, src string) string {
	x := s.x
	switch op {
	case "echo-header":
		return known(x.Request.Header.Get(src))
	case "echo-values":
		return values(x.Request.Header, src)
	case "echo-reply-header":
		return known(x.Reply.Header.Get(src))
	case "echo-meta":
		return known(x.Meta.Get(src))
	case "echo-metadata":
		return known(x.Session.Metadata(src))
	case "echo-session":
		return session(x)
	case "echo-config":
		return known(x.API.Config(src))
	case "echo-method":
		return x.Request.Method().String()
	case "echo-uri":
		return x.Request.URI().String()
	case "echo-host":
		return x.Request.Host().String()
	case "echo-status":
		return strconv.Itoa(x.Reply.Status())
	case "echo-body":
		return hexOf(x.Request.Body())
	case "echo-reply-body":
		return hexOf(x.Reply.Body())
	}
	panic("no line " + op)
}

func session(x *sallyport.Exchange) string {
	id := x.Session.Get("key_id")
	if id == nil {
		return none
	}
	return id.String() + "/" + x.Session.Get("alias").String()
}

func known(v sallyport.Value) string {
	if v == nil {
		return none
	}
	return v.String()
}

func values(h sallyport.Header, name string) string {
	var all []string
	for v := range h.Values(name) {
		all = append(all, v.String())
	}
	if all == nil {
		return none
	}
	return strings.Join(all, "|")
}

func hexOf(body sallyport.Value, err error) string {
	must(err)
	if len(body) == 0 {
		return "(empty)"
	}
	return hex.EncodeToString(body)
}

// run carries out the lines for the hook that are in the API's config data.
func run(x *sallyport.Exchange, hook string) sallyport.Verdict {
	scripts := map[string][]string{}
	if data := x.API.Config("script"); data != nil {
		must(json.Unmarshal(data, &scripts))
	}
	s := script{x: x, echoes: x.Request.Header}
	if hook == "response" {
		s.echoes = x.Reply.Header
	}
	for _, line := range scripts[hook] {
		s.line(line)
	}
	return s.verdict
}

// script is a script that is being carried out.
type script struct {
	x       *sallyport.Exchange
	echoes  sallyport.Header // where echoes go to
	verdict sallyport.Verdict
}

// must ends the hook on an error.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// line carries out one line.
func (s *script) line(line string) {
	name, args, _ := strings.Cut(line, " ")
	switch {
	case name == "fail":
		panic("told to fail")
	case name == "hang":
		hang()
	case strings.HasPrefix(name, "echo-"):
		s.echo(name, args)
	case strings.HasSuffix(name, "-header"):
		s.header(name, args)
	case strings.HasSuffix(name, "-body"):
		s.body(name, args)
	default:
		s.set(name, args)
	}
}

// hang loops for ever.
func hang() {
	for {
	}
}

// header carries out set-, add- and del-request-header and -reply-header.
func (s *script) header(op, args string) {
	name, value, _ := strings.Cut(args, " ")
	h := s.x.Request.Header
	if strings.Contains(op, "-reply-") {
		h = s.x.Reply.Header
	}
	switch op[:4] {
	case "set-":
		must(h.Set(name, value))
	case "add-":
		must(h.Add(name, value))
	case "del-":
		must(h.Del(name))
	default:
		panic("no line " + op)
	}
}

// body carries out set- and append-request-body and -reply-body.
func (s *script) body(op, args string) {
	data := unhex(args)
	switch op {
	case "set-request-body":
		must(s.x.Request.SetBody(data))
	case "set-reply-body":
		must(s.x.Reply.SetBody(data))
	case "append-request-body":
		old, err := s.x.Request.Body()
		must(err)
		must(s.x.Request.SetBody(append(old, data...)))
	case "append-reply-body":
		old, err := s.x.Reply.Body()
		must(err)
		must(s.x.Reply.SetBody(append(old, data...)))
	default:
		panic("no line " + op)
	}
}

// set carries out the remaining edits.
func (s *script) set(op, args string) {
	first, rest, _ := strings.Cut(args, " ")
	switch op {
	case "set-method":
		must(s.x.Request.SetMethod(args))
	case "set-uri":
		must(s.x.Request.SetURI(args))
	case "set-host":
		must(s.x.Request.SetHost(args))
	case "set-status":
		must(s.x.Reply.SetStatus(number(args)))
	case "set-meta":
		must(s.x.Meta.Set(first, rest))
	case "set-session":
		must(s.x.Session.Set(args))
	case "set-metadata":
		must(s.x.Session.SetMetadata(args))
	case "answer":
		s.verdict = s.x.Answer(number(first), unhex(rest))
	default:
		panic("no line " + op)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	must(err)
	return n
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	must(err)
	return b
}
