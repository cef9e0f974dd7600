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
