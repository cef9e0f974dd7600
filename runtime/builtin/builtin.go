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
	"context"
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
