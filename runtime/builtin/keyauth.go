package builtin

import (
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

// keyAuth looks the caller's key up in the store and sets the session.
type keyAuth struct {
	base
	sessions store.Sessions
	place    place
	strip    bool
}

// keyAuthConfig is the configuration of key-auth.
type keyAuthConfig struct {
	Header string `json:"header"` // default Authorization
	Query  string `json:"query"`
	Cookie string `json:"cookie"`
	Strip  bool   `json:"strip"` // the upstream does not see the key
}

func loadKeyAuth(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	cfg := keyAuthConfig{Header: "Authorization"}
	if err := decode(s, &cfg, "header", "query", "cookie", "strip"); err != nil {
		return nil, err
	}
	p := place{header: []byte(cfg.Header), query: []byte(cfg.Query), cookie: []byte(cfg.Cookie)}
	switch {
	case cfg.Header == "" && cfg.Query == "" && cfg.Cookie == "":
		return nil, refuse(s, "key-auth has nowhere to look: header, query and cookie are all empty")
	case cfg.Header != "" && !abi.ValidName(p.header):
		return nil, refuse(s, "header %q is not a valid header name", cfg.Header)
	case cfg.Cookie != "" && !abi.ValidName(p.cookie):
		return nil, refuse(s, "cookie %q is not a valid cookie name", cfg.Cookie)
	}
	return &keyAuth{sessions: r.store, place: p, strip: cfg.Strip}, nil
}

// Declares implements [abi.Plugin].
func (*keyAuth) Declares() abi.Declaration { return abi.Declaration{Hooks: abi.SetOf(abi.Auth)} }

// Call implements [abi.Plugin]. It does not allocate, unless a key in the
// query or a cookie has to be decoded or stripped.
func (k *keyAuth) Call(x *abi.Exchange) (abi.Verdict, error) {
	key, found := k.place.find(x)
	if !found {
		return k.challenge(x)
	}
	s, err := k.sessions.Session(x.Deadline, key)
	switch {
	case err != nil:
		return abi.Respond, unavailable(err)
	case s == nil:
		return reject(x, 403, "key is not known")
	case s.Inactive:
		return reject(x, 403, "key is not active")
	case s.Expires > 0 && time.Now().Unix() >= s.Expires:
		return reject(x, 403, "key has expired")
	}
	if err := x.SetSession(s); err != nil {
		return abi.Respond, err
	}
	if k.strip {
		return abi.Continue, k.place.strip(x)
	}
	return abi.Continue, nil
}

// challenge answers a request without a key; RFC 9110 section 15.5.2 demands
// the header field.
func (k *keyAuth) challenge(x *abi.Exchange) (abi.Verdict, error) {
	if v, err := reject(x, 401, "Authorization field missing"); err != nil {
		return v, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, wwwAuthenticate, bearer)
}
