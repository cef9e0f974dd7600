package abi

import (
	"slices"
	"strings"
)

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
