package js

import (
	"errors"
	"slices"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// Sessions finds and keeps sessions by the keys that callers present; see
// [hostapi.Sessions].
type Sessions = hostapi.Sessions

// SessionsGrant is the line in allow: kv: that lets a script use the sessions
// of callers. No pattern stands for it.
const SessionsGrant = "sessions"

var (
	errNoSessions = errors.New("there is no store of sessions")
	errNotGranted = errors.New(`not granted, and this line under the plugin would grant it: ` +
		`allow: { kv: ["` + SessionsGrant + `"] }`)
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
	c.returns(hostapi.KeyData(s))
}

// findSession returns the session of a key if it belongs to the organisation
// of the API, or to none.
func (c *hostCall) findSession(key []byte, apiID string) (*abi.Session, error) {
	store, err := c.program.sessions()
	if err != nil {
		return nil, err
	}
	return hostapi.FindSession(store, c.deadline, key, c.program.orgOf, apiID)
}

// orgOf returns the organisation of an API; none if there is no such API.
func (p *Program) orgOf(apiID string) string {
	if p.config.OrgOf != nil {
		return p.config.OrgOf(apiID)
	}
	return hostapi.OrgAmong(p.spec.APIs)(apiID)
}

// setKey (key, session, suppress) is TykSetKeyData. It has no result; faults
// are in the log.
func (c *hostCall) setKey() {
	err := c.putSession(&hostapi.KeyChange{Key: c.bytes(0), Session: c.bytes(1), KeepQuota: c.text(2) == "1"})
	c.waited()
	if err != nil {
		c.complain("TykSetKeyData", err)
	}
}

func (c *hostCall) putSession(change *hostapi.KeyChange) error {
	store, err := c.program.sessions()
	if err != nil {
		return err
	}
	s, err := change.Read(c.program.config.RequireRights)
	if err != nil {
		return err
	}
	return store.PutSession(c.deadline, change.Key, s)
}
