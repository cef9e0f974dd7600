//go:build wasip1

package main

import (
	"encoding/hex"
	"strconv"
	"strings"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

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
