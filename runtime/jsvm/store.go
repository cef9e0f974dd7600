package jsvm

import (
	"errors"
	"time"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// Values keeps values by key for a time; see [hostapi.Values].
type Values = hostapi.Values

var errNoValues = errors.New("there is no store of values")

// storage returns the functions TykStorage*. They throw every failure, so that a
// store that is down never looks like an empty one.
func (h *host) storage() map[string]func(otto.FunctionCall) otto.Value {
	return map[string]func(otto.FunctionCall) otto.Value{
		"TykStorageGet":   h.stored("TykStorageGet", storageGet),
		"TykStorageSet":   h.stored("TykStorageSet", storageSet),
		"TykStorageSetNX": h.stored("TykStorageSetNX", storageSetNX),
		"TykStorageDel":   h.stored("TykStorageDel", storageDel),
		"TykStorageTTL":   h.stored("TykStorageTTL", storageTTL),
		"TykStorageIncr":  h.stored("TykStorageIncr", storageIncr),
	}
}

// storing is one call of a storage function.
type storing struct {
	*hostapi.Storing
	call *otto.FunctionCall
}

// stored makes a storage function of f.
func (h *host) stored(name string, f func(*storing) (any, error)) func(otto.FunctionCall) otto.Value {
	return func(call otto.FunctionCall) otto.Value {
		result, err := h.store(&call, f)
		if err != nil {
			h.throw(&call, name, err)
		}
		h.end(&call)
		if result == nil {
			return otto.UndefinedValue()
		}
		if s, ok := result.(string); ok {
			return h.result(&call, s)
		}
		v, err := call.Otto.ToValue(result)
		if err != nil {
			h.throw(&call, name, err)
		}
		return v
	}
}

func (h *host) store(call *otto.FunctionCall, f func(*storing) (any, error)) (any, error) {
	if h.values == nil {
		return nil, errNoValues
	}
	key := call.Argument(0).String()
	if err := hostapi.CheckStorageKey(key); err != nil {
		return nil, err
	}
	deadline, err := h.deadline(call)
	if err != nil {
		return nil, err
	}
	return f(&storing{hostapi.NewStoring(h.values, deadline, key), call})
}

func storageGet(s *storing) (any, error) {
	value, ok, err := s.Get()
	if err != nil || !ok {
		return otto.NullValue(), err
	}
	return string(value), nil
}

func storageSet(s *storing) (any, error) {
	value, ttl, err := s.valueAndTTL()
	if err != nil {
		return nil, err
	}
	return nil, s.Set(value, ttl)
}

func storageSetNX(s *storing) (any, error) {
	value, ttl, err := s.valueAndTTL()
	if err != nil {
		return nil, err
	}
	return s.SetNX(value, ttl)
}

func storageDel(s *storing) (any, error) { return nil, s.Del() }

func storageTTL(s *storing) (any, error) { return s.TTL() }

func storageIncr(s *storing) (any, error) {
	ttl, err := s.ttl(1)
	if err != nil {
		return nil, err
	}
	return s.Incr(ttl)
}

func (s *storing) valueAndTTL() ([]byte, time.Duration, error) {
	value := s.call.Argument(1).String()
	if err := hostapi.CheckStorageValue(value); err != nil {
		return nil, 0, err
	}
	ttl, err := s.ttl(2)
	return []byte(value), ttl, err
}

// ttl reads whole seconds. An absent argument is 0.
func (s *storing) ttl(argument int) (time.Duration, error) {
	v := s.call.Argument(argument)
	if v.IsUndefined() || v.IsNull() {
		return 0, nil
	}
	return hostapi.ParseTTL(v.String())
}

// Sessions finds and keeps sessions by the keys that callers present; see
// [hostapi.Sessions].
type Sessions = hostapi.Sessions

var errNoSessions = errors.New("there is no store of sessions")

// getKeyData is TykGetKeyData. It always returns text. If a store has failed, the
// reason is in the log.
func (h *host) getKeyData(call otto.FunctionCall) otto.Value {
	s, err := h.findSession(&call, call.Argument(0).String(), call.Argument(1).String())
	h.end(&call)
	if err != nil {
		h.complain(&call, "TykGetKeyData", err)
	}
	return h.result(&call, string(hostapi.KeyData(s)))
}

// findSession returns the session of a key if it belongs to the organisation of
// the API or to no organisation.
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

// orgOf returns the function that finds the organisation of an API. By default it
// knows the APIs that bind the plugin.
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
