package abi

import (
	"encoding/json"
	"slices"
	"strings"
)

// Session is what the gateway knows of the caller behind a credential. A
// Session is shared between requests and never changes once it is set on an
// exchange or put in the store.
//
// The JSON names are those of stores and key files that exist already. Members
// that the gateway has no use for are kept in Extra and written back.
type Session struct {
	KeyID    string   `json:"key_id,omitempty"` // names the key in counters; empty shares none
	OrgID    string   `json:"org_id,omitempty"`
	Alias    string   `json:"alias,omitempty"`
	Tags     []string `json:"tags,omitempty"`
	Inactive bool     `json:"is_inactive,omitempty"`

	Rate    float64 `json:"rate,omitempty"`    // requests per Per; 0 or less is no limit
	Per     float64 `json:"per,omitempty"`     // seconds
	Expires int64   `json:"expires,omitempty"` // Unix seconds; 0 is never

	QuotaMax         int64 `json:"quota_max,omitempty"` // 0 or less is no quota
	QuotaRemaining   int64 `json:"quota_remaining,omitempty"`
	QuotaRenewalRate int64 `json:"quota_renewal_rate,omitempty"` // seconds
	QuotaRenews      int64 `json:"quota_renews,omitempty"`       // Unix seconds

	// AccessRights are the APIs the key opens, by their id; empty is all.
	AccessRights  map[string]Access `json:"access_rights,omitempty"`
	ApplyPolicies []string          `json:"apply_policies,omitempty"`

	DateCreated string `json:"date_created,omitempty"` // RFC 3339
	LastUpdated string `json:"last_updated,omitempty"` // Unix seconds as text
	Lifetime    int64  `json:"session_lifetime,omitempty"`

	// ExtractorDeadline is until when the session may stand for what an auth
	// plugin would say of its key, in Unix seconds; with 0 it never may.
	ExtractorDeadline int64 `json:"id_extractor_deadline,omitempty"`

	// Metadata holds values as encoding/json decodes them into any.
	Metadata map[string]any `json:"meta_data,omitempty"`

	// Extra is a JSON object with the members that have no field here; nil if
	// there are none.
	Extra []byte `json:"-"`
}

// Access is what a key may do with one API.
type Access struct {
	APIName     string       `json:"api_name,omitempty"`
	APIID       string       `json:"api_id,omitempty"`
	Versions    []string     `json:"versions,omitempty"`
	AllowedURLs []AllowedURL `json:"allowed_urls,omitempty"` // empty is all

	// Extra is as in [Session].
	Extra []byte `json:"-"`
}

// AllowedURL is a path, a regular expression, that a key may use, and how.
type AllowedURL struct {
	URL     string   `json:"url"`
	Methods []string `json:"methods"`
}

// The shapes of the two types for encoding/json, without their methods.
type (
	sessionFields Session
	accessFields  Access
)

// MarshalJSON implements [json.Marshaler].
func (s Session) MarshalJSON() ([]byte, error) {
	known, err := json.Marshal(sessionFields(s))
	return joinObjects(known, s.Extra), err
}

// UnmarshalJSON implements [json.Unmarshaler]. Types are strict, names match
// in any case and null is the zero value.
func (s *Session) UnmarshalJSON(raw []byte) error {
	var f sessionFields
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	*s = Session(f)
	if len(s.AccessRights) == 0 {
		s.AccessRights = nil
	}
	var err error
	s.Extra, err = extraOf(raw, IsSessionMember)
	return err
}

// MarshalJSON implements [json.Marshaler].
func (a Access) MarshalJSON() ([]byte, error) {
	known, err := json.Marshal(accessFields(a))
	return joinObjects(known, a.Extra), err
}

// UnmarshalJSON implements [json.Unmarshaler], as [Session.UnmarshalJSON].
func (a *Access) UnmarshalJSON(raw []byte) error {
	var f accessFields
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	*a = Access(f)
	var err error
	a.Extra, err = extraOf(raw, IsAccessMember)
	return err
}

// extraOf returns the members of an object that are not known.
func extraOf(raw []byte, known func(name string) bool) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	for member := range members {
		if known(member) {
			delete(members, member)
		}
	}
	if len(members) == 0 {
		return nil, nil
	}
	return json.Marshal(members)
}

// joinObjects returns one object with the members of two, of which the second
// may be nil.
func joinObjects(a, b []byte) []byte {
	if len(a) < 2 || len(b) <= len("{}") {
		return a
	}
	if string(a) == "{}" {
		return b
	}
	return append(append(a[:len(a)-1:len(a)-1], ','), b[1:]...)
}

// SessionMember is a member of a [Session] that has a field. Every codec of
// sessions follows this table, so that a member is added in one place.
type SessionMember struct {
	Name string // in stores and key files
	// Field returns a pointer to the field of a session. It is a *string, *bool,
	// *int64, *float64, *[]string, *map[string]any or *map[string]Access.
	Field func(s *Session) any
	// Process says whether processes are sent the member and may set it.
	Process Presence
	// Guest says whether guests may ask for the member by its name.
	Guest bool
}

// Presence says when a member is written.
type Presence uint8

const (
	// Never means that the member is neither written nor read.
	Never Presence = iota
	// IfSet means that a zero value is left out.
	IfSet
	// Always means that a zero value is written, too.
	Always
)

// sessionMembers is never written to.
var sessionMembers = [...]SessionMember{
	{"key_id", func(s *Session) any { return &s.KeyID }, Always, true},
	{"org_id", func(s *Session) any { return &s.OrgID }, Always, true},
	{"alias", func(s *Session) any { return &s.Alias }, Always, true},
	{"tags", func(s *Session) any { return &s.Tags }, Always, true},
	{"is_inactive", func(s *Session) any { return &s.Inactive }, Always, true},
	{"rate", func(s *Session) any { return &s.Rate }, Always, true},
	{"per", func(s *Session) any { return &s.Per }, Always, true},
	{"expires", func(s *Session) any { return &s.Expires }, Always, true},
	{"quota_max", func(s *Session) any { return &s.QuotaMax }, Always, true},
	{"quota_remaining", func(s *Session) any { return &s.QuotaRemaining }, Always, true},
	{"quota_renewal_rate", func(s *Session) any { return &s.QuotaRenewalRate }, Always, true},
	{"quota_renews", func(s *Session) any { return &s.QuotaRenews }, Never, false},
	{"meta_data", func(s *Session) any { return &s.Metadata }, Always, true},
	{"access_rights", func(s *Session) any { return &s.AccessRights }, IfSet, false},
	{"apply_policies", func(s *Session) any { return &s.ApplyPolicies }, IfSet, false},
	{"id_extractor_deadline", func(s *Session) any { return &s.ExtractorDeadline }, IfSet, false},
	{"session_lifetime", func(s *Session) any { return &s.Lifetime }, IfSet, false},
	{"date_created", func(s *Session) any { return &s.DateCreated }, Never, false},
	{"last_updated", func(s *Session) any { return &s.LastUpdated }, Never, false},
}

// SessionMembers returns the members of a [Session] in the order in which
// processes get them. The caller must not write to it.
func SessionMembers() []SessionMember { return sessionMembers[:] }

// SessionMemberOf returns the member of that name, or nil.
func SessionMemberOf(name string) *SessionMember {
	for i := range sessionMembers {
		if sessionMembers[i].Name == name {
			return &sessionMembers[i]
		}
	}
	return nil
}

// IsSessionMember reports whether a member has a field in [Session]. Case does
// not count, as in encoding/json.
func IsSessionMember(name string) bool {
	return slices.ContainsFunc(sessionMembers[:], func(m SessionMember) bool { return strings.EqualFold(m.Name, name) })
}

// accessMembers are the members of [Access] that have a field. They are never
// written to.
var accessMembers = [...]string{"api_name", "api_id", "versions", "allowed_urls"}

// IsAccessMember reports whether a member has a field in [Access]. Case does
// not count.
func IsAccessMember(name string) bool {
	return slices.ContainsFunc(accessMembers[:], func(member string) bool { return strings.EqualFold(member, name) })
}
