package jsvm

import (
	"errors"
	"time"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// Values keeps values by key for a time; see [hostapi.Values].
type Values = hostapi.Values

var errNoValues = errors.New("there is no store of values")

// storage are the functions TykStorage*. Every failure is thrown, so that a
// store that is down never looks like one that is empty.
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

// stored does what the storage functions have in common.
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

// ttl reads whole seconds; an argument that is absent is 0.
func (s *storing) ttl(argument int) (time.Duration, error) {
	v := s.call.Argument(argument)
	if v.IsUndefined() || v.IsNull() {
		return 0, nil
	}
	return hostapi.ParseTTL(v.String())
}
