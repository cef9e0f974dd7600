package store

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Memory is a store in the memory of this process; it forgets everything when
// the process ends. Make one with [NewMemory].
type Memory struct {
	values
	counters

	// mu protects the fields below.
	mu       sync.RWMutex
	sessions map[digest]*abi.Session
	named    map[string]digest // by KeyID
}

// digest is what is kept of a key.
type digest = [sha256.Size]byte

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	m := &Memory{sessions: map[digest]*abi.Session{}, named: map[string]digest{}}
	m.values.init()
	return m
}

// Close does nothing: there is nothing to release.
func (m *Memory) Close() error { return nil }

// Session implements [Sessions]. It does not allocate.
func (m *Memory) Session(_ time.Time, key []byte) (*abi.Session, error) {
	// The look-up compares digests: how long it takes tells nothing of how
	// much of a guessed key was right.
	d := sha256.Sum256(key)
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.sessions[d], nil
}

// PutSession implements [Sessions].
func (m *Memory) PutSession(_ time.Time, key []byte, s *abi.Session) error {
	if len(key) == 0 {
		return ErrKey
	}
	d := sha256.Sum256(key)
	if s.KeyID == "" {
		named := *s
		named.KeyID = hex.EncodeToString(d[:8])
		s = &named
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetName(d)
	m.sessions[d], m.named[s.KeyID] = s, d
	return nil
}

// UpdateSession implements [Sessions].
func (m *Memory) UpdateSession(_ time.Time, s *abi.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d, ok := m.named[s.KeyID]; ok {
		m.sessions[d] = s
	}
	return nil
}

// forgetName takes the name of a session away, unless another has taken it
// over. The caller holds mu.
func (m *Memory) forgetName(d digest) {
	if old := m.sessions[d]; old != nil && m.named[old.KeyID] == d {
		delete(m.named, old.KeyID)
	}
}

// DropSession implements [Sessions].
func (m *Memory) DropSession(_ time.Time, key []byte) error {
	d := sha256.Sum256(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetName(d)
	delete(m.sessions, d)
	return nil
}
