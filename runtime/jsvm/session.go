package jsvm

import (
	"errors"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// Sessions finds and keeps sessions by the keys that callers present; see
// [hostapi.Sessions].
type Sessions = hostapi.Sessions

var errNoSessions = errors.New("there is no store of sessions")

// getKeyData is TykGetKeyData. It gives text in every case; the reason is in
// the log if a store has failed.
func (h *host) getKeyData(call otto.FunctionCall) otto.Value {
	s, err := h.findSession(&call, call.Argument(0).String(), call.Argument(1).String())
	h.end(&call)
	if err != nil {
		h.complain(&call, "TykGetKeyData", err)
	}
	return text(string(hostapi.KeyData(s)))
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
	return hostapi.FindSession(h.sessions, deadline, []byte(key), h.machineOf(call).task.orgOf, apiID)
}

// orgOf returns what finds the organisation of an API: without a function for
// it, among the APIs that bind the plugin.
func (c *Config) orgOf(apis []*abi.API) func(apiID string) string {
	if c.OrgOf != nil {
		return c.OrgOf
	}
	return hostapi.OrgAmong(apis)
}

// setKeyData is TykSetKeyData. Its result is undefined; faults are in the log.
func (h *host) setKeyData(call otto.FunctionCall) otto.Value {
	err := h.putSession(&call, &hostapi.KeyChange{
		Key: []byte(call.Argument(0).String()), Session: []byte(call.Argument(1).String()), KeepQuota: call.Argument(2).String() == "1",
	})
	h.end(&call)
	if err != nil {
		h.complain(&call, "TykSetKeyData", err)
	}
	return otto.UndefinedValue()
}

func (h *host) putSession(call *otto.FunctionCall, change *hostapi.KeyChange) error {
	if h.sessions == nil {
		return errNoSessions
	}
	deadline, err := h.deadline(call)
	if err != nil {
		return err
	}
	s, err := change.Read(h.requireRights)
	if err != nil {
		return err
	}
	return h.sessions.PutSession(deadline, change.Key, s)
}
