package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// BodyForm says how a handler wants bodies.
type BodyForm uint8

const (
	// BodyNone sends no body.
	BodyNone BodyForm = iota
	// BodyText sends a body that is UTF-8 as text, any other as base64.
	BodyText
	// BodyBase64 sends every body as base64.
	BodyBase64
)

// Writes is the set of parts a handler declared to write. A write outside it
// is dropped.
type Writes uint16

// The parts of Writes.
const (
	WriteHeaders Writes = 1 << iota
	WriteQuery
	WritePath
	WriteMethod
	WriteHost
	WriteBody
	WriteStatus
	WriteSession
	WriteMeta
)

// writeNames are in the order of the constants.
var writeNames = [...]string{
	"headers", "query", "path", "method", "host", "body", "status", "session", "meta",
}

// Has reports whether all parts of w are in the set.
func (s Writes) Has(w Writes) bool { return s&w == w }

// replaceHooks are the hooks whose handler takes the place of a built-in step.
const replaceHooks = abi.HookSet(1<<abi.Auth | 1<<abi.RateLimit | 1<<abi.Virtual)

// HandlerSpec is what a process declares of one handler. It never changes.
type HandlerSpec struct {
	Name       string
	Hooks      abi.HookSet
	AllHeaders bool
	Headers    [][]byte // the names sent, if not AllHeaders
	Body       BodyForm
	MaxBody    int // bytes sent; 0 means the gateway's limit
	Truncate   bool
	Writes     Writes
	Idempotent bool
	Cacheable  bool
}

// handlerJSON is a Handler as the initialize result spells it.
type handlerJSON struct {
	HookName   string          `json:"hook_name"`
	HookTypes  []string        `json:"hook_types"`
	Mode       string          `json:"mode"`
	Headers    json.RawMessage `json:"headers"`
	Body       string          `json:"body"`
	MaxBody    int             `json:"max_body"`
	Truncate   bool            `json:"truncate"`
	Writes     []string        `json:"writes"`
	Idempotent bool            `json:"idempotent"`
	Cacheable  bool            `json:"cacheable"`
}

// ParseHandlers reads the handlers of an initialize result, a checked JSON
// array. A name may be declared more than once, for different hooks. The
// error names the handler and what is wrong with it.
func ParseHandlers(raw []byte) ([]HandlerSpec, error) {
	var declared []handlerJSON
	if err := json.Unmarshal(raw, &declared); err != nil {
		return nil, fmt.Errorf("handlers: %w", err)
	}
	handlers := make([]HandlerSpec, 0, len(declared))
	for i, d := range declared {
		h, err := d.handler()
		if err != nil {
			return nil, fmt.Errorf("handler %q: %w", d.HookName, err)
		}
		for _, other := range handlers {
			if twice := other.Hooks & h.Hooks; other.Name == h.Name && twice != 0 {
				return nil, fmt.Errorf("handler %q: declared twice for %v", h.Name, twice)
			}
		}
		if h.Name == "" {
			return nil, fmt.Errorf("handler %d has no hook_name", i)
		}
		handlers = append(handlers, h)
	}
	return handlers, nil
}

func (d *handlerJSON) handler() (h HandlerSpec, err error) {
	h = HandlerSpec{
		Name: d.HookName, MaxBody: d.MaxBody, Truncate: d.Truncate,
		Idempotent: d.Idempotent, Cacheable: d.Cacheable,
	}
	if h.Hooks, err = d.hooks(); err != nil {
		return h, err
	}
	if h.Body, err = d.body(); err != nil {
		return h, err
	}
	if h.Writes, err = d.writes(); err != nil {
		return h, err
	}
	if h.Cacheable && h.Hooks != abi.SetOf(abi.Auth) {
		return h, fmt.Errorf("cacheable is for the auth hook only, not for %v", h.Hooks)
	}
	if h.MaxBody < 0 {
		return h, errors.New("max_body is negative")
	}
	h.Headers, h.AllHeaders, err = d.headers()
	return h, err
}

func (d *handlerJSON) hooks() (set abi.HookSet, err error) {
	if d.Mode != "" && d.Mode != "augment" && d.Mode != "replace" {
		return 0, fmt.Errorf("mode %q: want augment or replace", d.Mode)
	}
	for _, name := range d.HookTypes {
		hook, ok := abi.ParseHook(name)
		if !ok {
			return 0, fmt.Errorf("unknown hook type %q", name)
		}
		if replaceHooks.Has(hook) != (d.Mode == "replace") {
			return 0, fmt.Errorf("hook type %s does not go with mode %q", name, d.Mode)
		}
		set |= abi.SetOf(hook)
	}
	if set == 0 {
		return 0, errors.New("no hook_types")
	}
	return set, nil
}

func (d *handlerJSON) body() (BodyForm, error) {
	switch d.Body {
	case "", "none":
		return BodyNone, nil
	case "utf8":
		return BodyText, nil
	case "base64":
		return BodyBase64, nil
	}
	return 0, fmt.Errorf("body %q: want none, utf8 or base64", d.Body)
}

func (d *handlerJSON) writes() (set Writes, err error) {
next:
	for _, name := range d.Writes {
		for i, known := range writeNames {
			if name == known {
				set |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("writes %q: want some of %s", name, strings.Join(writeNames[:], ", "))
	}
	return set, nil
}

func (d *handlerJSON) headers() (names [][]byte, all bool, err error) {
	if len(d.Headers) == 0 || string(d.Headers) == `"all"` {
		return nil, true, nil
	}
	var list []string
	if err := json.Unmarshal(d.Headers, &list); err != nil {
		return nil, false, errors.New(`headers: want "all" or a list of names`)
	}
	for _, name := range list {
		names = append(names, []byte(name))
	}
	return names, false, nil
}

// Sends reports whether the handler is sent header fields of that name.
func (h *HandlerSpec) Sends(name []byte) bool {
	if h.AllHeaders {
		return true
	}
	for _, n := range h.Headers {
		if abi.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// params edits the query of target: delete_params [names], then add_params
// {name: value}, which replaces, then extended_params {name: [values]}, which
// appends. Parameters that are not touched keep their place and their bytes.
func (a *applier) params(target []byte, q *request) ([]byte, error) {
	if !a.may(WriteQuery, "query") {
		return target, nil
	}
	path, mark := splitTarget(target)
	query := bytes.Clone(bytes.TrimPrefix(mark, []byte("?")))
	query, err := deleteParams(query, q.deleteParams)
	if err != nil {
		return nil, err
	}
	if query, err = addParams(query, q.addParams, "add_params", true); err != nil {
		return nil, err
	}
	if query, err = addParams(query, q.extendedParam, "extended_params", false); err != nil {
		return nil, err
	}
	target = bytes.Clone(path)
	if len(query) > 0 {
		target = append(append(target, '?'), query...)
	}
	return target, nil
}

func deleteParams(query, raw []byte) ([]byte, error) {
	if raw == nil {
		return query, nil
	}
	e, ok := elementsOf(raw)
	if !ok {
		return nil, errShape("delete_params")
	}
	for value, ok := e.next(); ok; value, ok = e.next() {
		name, isText := textOf(value)
		if !isText {
			return nil, errShape("delete_params")
		}
		query = withoutParam(query, name)
	}
	return query, nil
}

// addParams takes for each name one value or a list of them.
func addParams(query, raw []byte, what string, replace bool) ([]byte, error) {
	if raw == nil {
		return query, nil
	}
	m, ok := membersOf(raw)
	if !ok {
		return nil, errShape(what)
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if replace {
			query = withoutParam(query, name)
		}
		list, isList := elementsOf(value)
		if !isList {
			list = elements{value}
		}
		for v, ok := list.next(); ok; v, ok = list.next() {
			text, isText := textOf(v)
			if !isText {
				return nil, errShape(what)
			}
			query = appendParam(query, name, text)
		}
	}
	return query, nil
}

func appendParam(query, name, value []byte) []byte {
	if len(query) > 0 {
		query = append(query, '&')
	}
	query = append(query, url.QueryEscape(string(name))...)
	query = append(query, '=')
	return append(query, url.QueryEscape(string(value))...)
}

// withoutParam removes the parameters of that decoded name, in place.
func withoutParam(query, name []byte) []byte {
	kept := query[:0]
	for pair := range bytes.SplitSeq(query, []byte("&")) {
		raw, _, _ := bytes.Cut(pair, []byte("="))
		decoded, err := url.QueryUnescape(string(raw))
		if err == nil && decoded == string(name) {
			continue
		}
		if len(kept) > 0 {
			kept = append(kept, '&')
		}
		kept = append(kept, pair...)
	}
	return kept
}
