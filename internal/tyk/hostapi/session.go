// Package hostapi is the host side of Tyk's JavaScript, whichever engine runs
// it: what a plugin may configure, what becomes of its results, and what the
// functions of the host take, keep and answer.
//
// It knows no engine. How a script's values come in and go out, who may use
// what, and how requests are sent is for the runtimes; they also say when a
// call is over, and every function here that waits gives up at the deadline
// that it is given.
package hostapi

import (
	"errors"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// Sessions finds and keeps sessions by the keys that callers present. It is
// safe for concurrent use and gives up at the deadline.
type Sessions interface {
	// Session returns the session of key, or nil if there is none. It is
	// shared and is not changed.
	Session(deadline time.Time, key []byte) (*abi.Session, error)

	// PutSession stores the session of key in place of an earlier one.
	PutSession(deadline time.Time, key []byte, s *abi.Session) error
}

// keyNotFound is what scripts compare with.
const keyNotFound = `{"status":"error","message":"Key not found"}`

var (
	errNoKey    = errors.New("the key is empty")
	errNoRights = errors.New("a session without access_rights opens every API, and master keys are not allowed")
)

// KeyData is the result of TykGetKeyData for a session, which may be nil. It
// hides the password of basic authentication.
func KeyData(s *abi.Session) []byte {
	if s == nil {
		return []byte(keyNotFound)
	}
	return object.AppendKeyData(nil, s)
}

// FindSession returns the session of a key if it belongs to the organisation
// of the API, as orgOf gives it, or to none.
func FindSession(store Sessions, deadline time.Time, key []byte, orgOf func(apiID string) string, apiID string) (*abi.Session, error) {
	s, err := store.Session(deadline, key)
	if err != nil || s == nil || (s.OrgID != "" && s.OrgID != orgOf(apiID)) {
		return nil, err
	}
	return s, nil
}

// OrgAmong returns what finds the organisation of one of these APIs; it is
// empty for any other.
func OrgAmong(apis []*abi.API) func(apiID string) string {
	return func(apiID string) string {
		for _, api := range apis {
			if api.ID == apiID {
				return api.OrgID
			}
		}
		return ""
	}
}

// KeyChange is the argument list of TykSetKeyData.
type KeyChange struct {
	Key, Session []byte
	KeepQuota    bool
}

// Read checks the change and returns the session to be put. A session without
// access rights, which opens every API, is refused where they are required.
func (c *KeyChange) Read(requireRights bool) (*abi.Session, error) {
	if len(c.Key) == 0 {
		return nil, errNoKey
	}
	t, err := object.ParseSession(c.Session)
	if err != nil {
		return nil, err
	}
	if requireRights && len(t.AccessRights) == 0 {
		return nil, errNoRights
	}
	if !c.KeepQuota {
		t.Renew(time.Now())
	}
	return t.Session(""), nil
}

// Looker looks at the result of a request hook before it is applied. Whether
// it has no session counts only where it does not answer the request either.
type Looker interface {
	Look(hook abi.Hook, result []byte, noSession bool)
}

// Apply edits x as a script has asked for by the result of x.Hook. A result
// that is not valid is an error of kind Protocol. The looker may be nil.
func (o *Options) Apply(x *abi.Exchange, result []byte, l Looker) (abi.Verdict, error) {
	switch x.Hook {
	case abi.Event:
		return abi.Continue, nil
	case abi.Response:
		r, err := object.ParseResponse(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepHeaderCase = o.KeepHeaderCase
		return abi.Continue, r.Apply(x)
	case abi.Virtual:
		r, err := object.ParseVirtual(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepMetadata, r.KeepHeaderCase = !o.Gives(x.Hook), o.KeepHeaderCase
		return r.Apply(x)
	default:
		return o.applyRequest(x, result, l)
	}
}

func (o *Options) applyRequest(x *abi.Exchange, result []byte, l Looker) (abi.Verdict, error) {
	r, err := object.ParseRequest(result)
	if err != nil {
		return abi.Continue, err
	}
	r.KeepMetadata, r.KeepHeaderCase = !o.Gives(x.Hook), o.KeepHeaderCase
	if l != nil {
		l.Look(x.Hook, result, r.Session == nil && r.Request.ReturnOverrides.ResponseCode == 0)
	}
	return r.Apply(x)
}

// Options are the keys of a plugin's own configuration that are not for the
// script, in every engine.
type Options struct {
	// RequireSession gives the hooks after the key check the caller's session,
	// and takes its metadata from their result. UseSession is Tyk's name of
	// the same in a virtual endpoint.
	RequireSession bool `json:"require_session"`
	UseSession     bool `json:"use_session"`

	// KeepHeaderCase writes the names of header fields of a message as the
	// script spells them.
	KeepHeaderCase bool `json:"keep_header_case"`

	// HideConfig leaves config_data out of what the script is given. It is
	// here to be checked; package object reads it.
	HideConfig bool `json:"hide_config"`
}

// Gives reports whether a hook gets the session, and may replace its
// metadata. A response hook gets it always, and its result has none.
func (o *Options) Gives(h abi.Hook) bool {
	switch h {
	case abi.Pre, abi.Auth:
		return false
	case abi.Response, abi.Event:
		return true
	}
	return o.RequireSession || o.UseSession
}
