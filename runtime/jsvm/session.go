package jsvm

import (
	"errors"
	"time"

	"github.com/robertkrimen/otto"

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

// keyNotFound is what scripts compare with.
const keyNotFound = `{"status":"error","message":"Key not found"}`

var (
	errNoSessions = errors.New("there is no store of sessions")
	errNoKey      = errors.New("the key is empty")
	errNoRights   = errors.New("a session without access_rights opens every API, and master keys are not allowed")
)

// getKeyData is TykGetKeyData. It gives text in every case; the reason is in
// the log if a store has failed.
func (h *host) getKeyData(call otto.FunctionCall) otto.Value {
	s, err := h.findSession(&call, call.Argument(0).String(), call.Argument(1).String())
	h.end(&call)
	if err != nil {
		h.complain(&call, "TykGetKeyData", err)
	}
	if s == nil {
		return text(keyNotFound)
	}
	return text(string(wire.AppendTykKeyData(nil, s)))
}

// findSession returns the session of a key if it belongs to the organisation
// of the API, or to none.
func (h *host) findSession(call *otto.FunctionCall, key, apiID string) (*abi.Session, error) {
	if h.sessions == nil {
		return nil, errNoSessions
	}
	deadline, err := h.deadline(call)
	if err != nil {
		return nil, err
	}
	s, err := h.sessions.Session(deadline, []byte(key))
	if err != nil || s == nil || (s.OrgID != "" && s.OrgID != h.machineOf(call).task.orgOf(apiID)) {
		return nil, err
	}
	return s, nil
}

// orgOf returns what finds the organisation of an API: without a function for
// it, among the APIs that bind the plugin.
func (c *Config) orgOf(apis []*abi.API) func(apiID string) string {
	if c.OrgOf != nil {
		return c.OrgOf
	}
	return func(apiID string) string {
		for _, api := range apis {
			if api.ID == apiID {
				return api.OrgID
			}
		}
		return ""
	}
}

// setKeyData is TykSetKeyData. Its result is undefined; faults are in the log.
func (h *host) setKeyData(call otto.FunctionCall) otto.Value {
	err := h.putSession(&call, call.Argument(0).String(), call.Argument(1).String(), call.Argument(2).String() == "1")
	h.end(&call)
	if err != nil {
		h.complain(&call, "TykSetKeyData", err)
	}
	return otto.UndefinedValue()
}

func (h *host) putSession(call *otto.FunctionCall, key, session string, keepQuota bool) error {
	if h.sessions == nil {
		return errNoSessions
	}
	if key == "" {
		return errNoKey
	}
	deadline, err := h.deadline(call)
	if err != nil {
		return err
	}
	t, err := wire.ParseTykSession([]byte(session))
	if err != nil {
		return err
	}
	if h.requireRights && len(t.AccessRights) == 0 {
		return errNoRights
	}
	if !keepQuota {
		t.Renew(time.Now())
	}
	return h.sessions.PutSession(deadline, []byte(key), t.Session(""))
}
