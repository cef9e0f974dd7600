//go:build wasip1

package main

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

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
