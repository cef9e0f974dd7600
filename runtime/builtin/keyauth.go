package builtin

import (
	"time"

	"github.com/c386954a/sallyport/abi"
)

// keyAuth looks the caller's key up in the store and sets the session.
type keyAuth struct {
	base
	sessions Sessions
	place    place
	form     form
	strip    bool
	keep     bool // the session that is there already
	later    bool // an access step looks at expiry
}

// keyAuthConfig is the configuration of key-auth.
type keyAuthConfig struct {
	Header  string `json:"header"` // default Authorization
	Query   string `json:"query"`
	Cookie  string `json:"cookie"`
	Strip   bool   `json:"strip"`   // the upstream does not see the key
	Reply   string `json:"reply"`   // native or the name of a dialect; as the API does unless set
	Session string `json:"session"` // use or keep
	Expiry  string `json:"expiry"`  // check or later
}

func loadKeyAuth(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	cfg := keyAuthConfig{Header: "Authorization"}
	if err := decode(s, &cfg, "header", "query", "cookie", "strip", "reply", "session", "expiry"); err != nil {
		return nil, err
	}
	k := &keyAuth{sessions: r.store, strip: cfg.Strip, keep: cfg.Session == "keep", later: cfg.Expiry == "later"}
	k.place = place{header: []byte(cfg.Header), query: []byte(cfg.Query), cookie: []byte(cfg.Cookie)}
	var err error
	if k.form, err = r.formOf(cfg.Reply); err != nil {
		return nil, err
	}
	return k, cfg.check(s)
}

func (cfg *keyAuthConfig) check(s abi.Spec) error {
	switch {
	case cfg.Header == "" && cfg.Query == "" && cfg.Cookie == "":
		return refuse("key-auth has nowhere to look: header, query and cookie are all empty")
	case cfg.Header != "" && !abi.ValidName([]byte(cfg.Header)):
		return refuse("header %q is not a valid header name", cfg.Header)
	case cfg.Cookie != "" && !abi.ValidName([]byte(cfg.Cookie)):
		return refuse("cookie %q is not a valid cookie name", cfg.Cookie)
	case cfg.Session != "" && cfg.Session != "use" && cfg.Session != "keep":
		return refuse("session %q%s; there are use, keep", cfg.Session, hint(cfg.Session, []string{"use", "keep"}))
	case cfg.Session == "keep" && s.Hooks.Has(abi.Auth):
		return refuse("session: keep has nothing to keep in hook auth; bind the step to post_key_auth")
	case cfg.Expiry != "" && cfg.Expiry != "check" && cfg.Expiry != "later":
		return refuse("expiry %q%s; there are check, later", cfg.Expiry, hint(cfg.Expiry, []string{"check", "later"}))
	}
	return nil
}

// Declares implements [abi.Plugin]. In post_key_auth the key is asked for
// besides what the plugin in auth has asked for.
func (*keyAuth) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.Auth, abi.PostKeyAuth)}
}

// Why a key does not let a request in.
var (
	// It has no event of its own: that of the hook stands for it.
	keyMissing  = refusal{name: "key_missing", status: 401, text: "Authorization field missing"}
	keyUnknown  = refusal{"key_unknown", 403, "key is not known", abi.AuthFailure, "Auth Failure", ""}
	keyInactive = refusal{"key_inactive", 403, "key is not active", abi.KeyExpired, "Attempted access from inactive key.", ""}
	keyExpired  = refusal{"key_expired", 403, "key has expired", abi.KeyExpired, "Attempted access from expired key.", ""}
)

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
		return k.form.refuse(x, &keyUnknown, key)
	}
	if r := validity(s); r != nil && !k.later {
		return k.form.refuse(x, r, key)
	}
	if !k.keep {
		if err := x.UseSession(s); err != nil {
			return abi.Respond, err
		}
	}
	if k.strip {
		return abi.Continue, k.place.strip(x)
	}
	return abi.Continue, nil
}

// validity returns what is wrong with a session whatever it is used for.
func validity(s *abi.Session) *refusal {
	switch {
	case s.Inactive:
		return &keyInactive
	case s.Expires > 0 && time.Now().Unix() >= s.Expires:
		return &keyExpired
	}
	return nil
}

// challenge answers a request without a key; RFC 9110 section 15.5.2 demands
// the header field.
func (k *keyAuth) challenge(x *abi.Exchange) (abi.Verdict, error) {
	if v, err := k.form.refuse(x, &keyMissing, nil); err != nil {
		return v, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, wwwAuthenticate, bearer)
}
