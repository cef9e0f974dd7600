package abi

import "encoding/json"

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
