package js

import (
	"errors"
	"slices"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/wire"
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

// SessionsGrant is the line in allow: kv: that lets a script use the sessions
// of callers. No pattern stands for it.
const SessionsGrant = "sessions"

// keyNotFound is what scripts compare with.
const keyNotFound = `{"status":"error","message":"Key not found"}`

var (
	errNoSessions = errors.New("there is no store of sessions")
	errNotGranted = errors.New(`not granted, and this line under the plugin would grant it: allow: { kv: ["` + SessionsGrant + `"] }`)
	errNoKey      = errors.New("the key is empty")
	errNoRights   = errors.New("a session without access_rights opens every API, and master keys are not allowed")
)

// sessions returns the store, if the script may use it.
func (p *Program) sessions() (Sessions, error) {
	switch {
	case !slices.Contains(p.spec.Grants.KV, SessionsGrant):
		return nil, errNotGranted
	case p.config.Sessions == nil:
		return nil, errNoSessions
	}
	return p.config.Sessions, nil
}

// getKey (key, api) is TykGetKeyData. It gives text in every case; the reason
// is in the log if a store has failed.
func (c *hostCall) getKey() {
	s, err := c.findSession(c.bytes(0), c.text(1))
	c.waited()
	if err != nil {
		c.complain("TykGetKeyData", err)
	}
	if s == nil {
		c.returns([]byte(keyNotFound))
		return
	}
	c.returns(wire.AppendTykKeyData(nil, s))
}

// findSession returns the session of a key if it belongs to the organisation
// of the API, or to none.
func (c *hostCall) findSession(key []byte, apiID string) (*abi.Session, error) {
	store, err := c.program.sessions()
	if err != nil {
		return nil, err
	}
	s, err := store.Session(c.deadline, key)
	if err != nil || s == nil || (s.OrgID != "" && s.OrgID != c.program.orgOf(apiID)) {
		return nil, err
	}
	return s, nil
}

// orgOf returns the organisation of an API; none if there is no such API.
func (p *Program) orgOf(apiID string) string {
	if p.config.OrgOf != nil {
		return p.config.OrgOf(apiID)
	}
	for _, api := range p.spec.APIs {
		if api.ID == apiID {
			return api.OrgID
		}
	}
	return ""
}

// setKey (key, session, suppress) is TykSetKeyData. It has no result; faults
// are in the log.
func (c *hostCall) setKey() {
	err := c.putSession(c.bytes(0), c.bytes(1), c.text(2) == "1")
	c.waited()
	if err != nil {
		c.complain("TykSetKeyData", err)
	}
}

func (c *hostCall) putSession(key, session []byte, keepQuota bool) error {
	store, err := c.program.sessions()
	if err != nil {
		return err
	}
	if len(key) == 0 {
		return errNoKey
	}
	t, err := wire.ParseTykSession(session)
	if err != nil {
		return err
	}
	if c.program.config.RequireRights && len(t.AccessRights) == 0 {
		return errNoRights
	}
	if !keepQuota {
		t.Renew(time.Now())
	}
	return store.PutSession(c.deadline, key, t.Session(""))
}
