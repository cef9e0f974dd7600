package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// hashedPrefix begins the names that stand for keys.
const hashedPrefix = "sha256:"

// hashed is a store that is not told the names of keys.
type hashed struct{ Store }

// HashKeys returns a store that keeps everything in s and tells it no name of
// a key: a session named after its key gets the name's hash instead, and
// counters count by hashes. Keys themselves are never kept, with or without
// it. Closing it closes s.
func HashKeys(s Store) Store { return hashed{s} }

// PutSession implements [Sessions].
func (h hashed) PutSession(deadline time.Time, key []byte, s *abi.Session) error {
	if s.KeyID == "" || s.KeyID == string(key) {
		named := *s
		named.KeyID = hashedName(string(key))
		s = &named
	}
	return h.Store.PutSession(deadline, key, s)
}

// UpdateSession implements [Sessions].
func (h hashed) UpdateSession(deadline time.Time, s *abi.Session) error {
	if err := h.Store.UpdateSession(deadline, s); err != nil {
		return err
	}
	named := *s // as it is called if it was named after its key
	named.KeyID = hashedName(s.KeyID)
	return h.Store.UpdateSession(deadline, &named)
}

// Count implements [Counters].
func (h hashed) Count(deadline time.Time, space, id string, window time.Duration) (int64, time.Duration, error) {
	return h.Store.Count(deadline, space, hashedName(id), window)
}

// Peek implements [Counters].
func (h hashed) Peek(deadline time.Time, space, id string) (int64, time.Duration, error) {
	return h.Store.Peek(deadline, space, hashedName(id))
}

// Forget implements [Counters].
func (h hashed) Forget(deadline time.Time, space, id string) error {
	return h.Store.Forget(deadline, space, hashedName(id))
}

// hashedName returns the name that stands for another. That of one that is a
// hash already is itself, so that a session counts the same whether it comes
// from the store or from the plugin that made it.
func hashedName(name string) string {
	if strings.HasPrefix(name, hashedPrefix) {
		return name
	}
	d := sha256.Sum256([]byte(name))
	return hashedPrefix + hex.EncodeToString(d[:16])
}
