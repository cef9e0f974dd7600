// Package builtin is the runtime of the steps that come with the gateway: key
// authentication, access, rate limiting, paths, versions, header fields, and a
// native plugin to measure against.
//
// They are ordinary plugins of package abi, written in Go and without
// isolation. A plugin bound to the same hook takes their place.
//
//	entry       hooks                                configuration
//	key-auth    auth, post_key_auth                  header, query, cookie, strip, reply, session, expiry
//	access      post_key_auth                        version, reply
//	rate-limit  rate_limit                           reply, rate, quota: limits are those of the session
//	paths       pre                                  ignore, block, allow, reply
//	size-limit  pre                                  max, reply
//	version     pre                                  location, key, strip, versions, default, fallback, expires, reply
//	transform   pre, post_key_auth, post, response   set, remove
//	headers     pre, post_key_auth, post             none
//
// reply names the dialect whose codes and texts a step answers with.
// docs/CONFIGURATION.md describes every key.
package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Store is what the built-in steps need of a store. Both methods give up at the
// deadline, and many goroutines may call them.
type Store interface {
	Sessions

	// Count adds one to the counter id of a space and returns how many there
	// are in the running window and how much of it is left. A window begins
	// with its first event.
	Count(deadline time.Time, space, id string, window time.Duration) (n int64, left time.Duration, err error)
}

// Sessions finds sessions by the key that a caller presents.
type Sessions interface {
	// Session returns the session of key, or nil if there is none. It is
	// shared and must not be changed.
	Session(deadline time.Time, key []byte) (*abi.Session, error)
}

// Config describes a [Runtime].
type Config struct {
	// Store holds sessions and counters. Without one, key-auth and rate-limit
	// are refused at load.
	Store Store
	// Dialects are those that the key reply may name, besides native.
	Dialects map[string]*abi.Dialect
}

// Runtime loads the built-in steps. It has nothing to release: Close does
// nothing. Its methods are safe for concurrent use.
type Runtime struct {
	store    Store
	dialects map[string]*abi.Dialect
}

var _ abi.Runtime = (*Runtime)(nil)

// New returns the runtime. The store stays the caller's and must outlive the
// plugins.
func New(cfg Config) *Runtime { return &Runtime{cfg.Store, cfg.Dialects} }

// loader makes one kind of step.
type loader struct {
	needsStore bool
	load       func(*Runtime, abi.Spec) (abi.Plugin, error)
}

// entries returns the steps by name.
func entries() map[string]loader {
	return map[string]loader{
		"key-auth":   {needsStore: true, load: loadKeyAuth},
		"access":     {load: loadAccess},
		"rate-limit": {needsStore: true, load: loadRateLimit},
		"paths":      {load: loadPaths},
		"size-limit": {load: loadSizeLimit},
		"version":    {load: loadVersion},
		"transform":  {load: loadTransform},
		"headers":    {load: loadHeaders},
	}
}

// Load implements [abi.Runtime].
func (r *Runtime) Load(_ context.Context, s abi.Spec) (abi.Plugin, error) {
	all := entries()
	l, ok := all[s.Entry]
	switch {
	case !ok:
		names := slices.Sorted(maps.Keys(all))
		return nil, refuse("no built-in step %q%s; there are %s", s.Entry, hint(s.Entry, names), strings.Join(names, ", "))
	case s.Source != "":
		return nil, refuse("%s is built in and takes no source", s.Entry)
	case l.needsStore && r.store == nil:
		return nil, refuse("%s needs a store", s.Entry)
	}
	p, err := l.load(r, s)
	if err != nil {
		return nil, err
	}
	if extra := s.Hooks &^ p.Declares().Hooks; extra != 0 {
		return nil, refuse("%s does not implement hook %s; it implements %s", s.Entry, extra, p.Declares().Hooks)
	}
	return p, nil
}

// Close implements [abi.Runtime].
func (*Runtime) Close(context.Context) error { return nil }

// base is the part that all steps share: they have nothing to close.
type base struct{}

// Close implements [abi.Plugin].
func (base) Close(context.Context) error { return nil }

func refuse(format string, args ...any) error { return abi.Errorf(abi.Refused, format, args...) }

// unavailable turns an error of the store into a fault.
func unavailable(err error) error {
	return &abi.Error{Kind: abi.Unavailable, Err: err}
}

// decode reads the plugin's configuration into dst, a pointer to a struct
// whose JSON names are known. It refuses every other key by its name.
func decode(s abi.Spec, dst any, known ...string) error {
	if len(s.Config) == 0 {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(s.Config, &keys); err != nil {
		return refuse("the configuration is not an object: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if slices.Contains(known, key) {
			continue
		}
		if len(known) == 0 {
			return refuse("unknown key %q in the configuration; %s takes none", key, s.Entry)
		}
		return refuse("unknown key %q in the configuration%s; %s takes %s",
			key, hint(key, known), s.Entry, strings.Join(known, ", "))
	}
	d := json.NewDecoder(bytes.NewReader(s.Config))
	d.DisallowUnknownFields() // those further down
	err := d.Decode(dst)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return refuse("%s must be a %s, not a %s", wrong.Field, wrong.Type, wrong.Value)
	}
	if err != nil {
		return refuse("configuration: %w", err)
	}
	return nil
}

// hint returns "; did you mean …?" for a name that is close to a known one.
func hint(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance counts the single-byte edits that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Role says what a step of this package decides about, besides its hook.
type Role uint8

const (
	// NoRole is the role of every other plugin.
	NoRole Role = iota
	// ChecksKey is that of a step that asks for a key.
	ChecksKey
	// ChecksSession is that of a step that asks what a session may do.
	ChecksSession
)

// RoleOf returns the role of a plugin, whatever made it.
func RoleOf(p abi.Plugin) Role {
	switch p.(type) {
	case *keyAuth:
		return ChecksKey
	case *access:
		return ChecksSession
	}
	return NoRole
}

// Versions returns the names of the APIs that a plugin sends requests on to if
// it is a step that chooses one by its version; else nil.
func Versions(p abi.Plugin) []string {
	v, ok := p.(*version)
	if !ok {
		return nil
	}
	var apis []string
	for _, name := range slices.Sorted(maps.Keys(v.targets)) {
		apis = append(apis, string(v.targets[name].api))
	}
	return apis
}

// SetsSession reports whether a plugin is a step that gives a request the
// session of its key, and so takes away one that is there.
func SetsSession(p abi.Plugin) bool {
	k, ok := p.(*keyAuth)
	return ok && !k.keep
}
