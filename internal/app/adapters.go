package app

import (
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

// scriptSessions gives the sessions of a store to scripts, for which the quota
// is a part of the session.
type scriptSessions struct{ store store.Store }

// Session returns the session of key with what is left of its quota.
func (ss scriptSessions) Session(deadline time.Time, key []byte) (*abi.Session, error) {
	s, err := ss.store.Session(deadline, key)
	if err != nil || s == nil || s.QuotaMax <= 0 {
		return s, err
	}
	used, left, err := ss.store.Peek(deadline, builtin.QuotaSpace, s.KeyID)
	if err != nil {
		return nil, err
	}
	current := *s
	current.QuotaRemaining = max(s.QuotaMax-used, 0)
	if used > 0 && s.QuotaRenewalRate > 0 {
		current.QuotaRenews = time.Now().Add(left).Unix()
	}
	return &current, nil
}

// PutSession stores a session. One with all of its quota begins a new one.
func (ss scriptSessions) PutSession(deadline time.Time, key []byte, s *abi.Session) error {
	if err := ss.store.PutSession(deadline, key, s); err != nil {
		return err
	}
	if s.QuotaMax <= 0 || s.QuotaRemaining < s.QuotaMax {
		return nil
	}
	stored, err := ss.store.Session(deadline, key)
	if err != nil || stored == nil {
		return err
	}
	return ss.store.Forget(deadline, builtin.QuotaSpace, stored.KeyID)
}
