package rpc

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

var errSession = abi.Errorf(abi.Protocol, "session is not a session object")

// appendSession appends a session with the names of the protocol, which calls
// metadata what the session store calls meta_data.
func appendSession(dst []byte, s *abi.Session) []byte {
	dst = append(dst, `{"key_id":`...)
	dst = jsontext.AppendText(dst, s.KeyID)
	dst = append(dst, `,"org_id":`...)
	dst = jsontext.AppendText(dst, s.OrgID)
	dst = append(dst, `,"alias":`...)
	dst = jsontext.AppendText(dst, s.Alias)
	dst = append(dst, `,"tags":[`...)
	for i, tag := range s.Tags {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendText(dst, tag)
	}
	dst = append(dst, `],"is_inactive":`...)
	dst = strconv.AppendBool(dst, s.Inactive)
	dst = append(dst, `,"rate":`...)
	dst = jsontext.AppendNumber(dst, s.Rate)
	dst = append(dst, `,"per":`...)
	dst = jsontext.AppendNumber(dst, s.Per)
	dst = append(dst, `,"expires":`...)
	dst = strconv.AppendInt(dst, s.Expires, 10)
	dst = append(dst, `,"quota_max":`...)
	dst = strconv.AppendInt(dst, s.QuotaMax, 10)
	dst = append(dst, `,"quota_remaining":`...)
	dst = strconv.AppendInt(dst, s.QuotaRemaining, 10)
	dst = append(dst, `,"quota_renewal_rate":`...)
	dst = strconv.AppendInt(dst, s.QuotaRenewalRate, 10)
	dst = append(dst, `,"metadata":`...)
	dst = jsontext.AppendObject(dst, s.Metadata)
	return append(appendRights(dst, s), '}')
}

// appendRights appends the members that few sessions have.
func appendRights(dst []byte, s *abi.Session) []byte {
	if len(s.AccessRights) > 0 {
		dst = append(dst, `,"access_rights":`...)
		dst = jsontext.AppendAny(dst, s.AccessRights)
	}
	if len(s.ApplyPolicies) > 0 {
		dst = append(dst, `,"apply_policies":`...)
		dst = jsontext.AppendAny(dst, s.ApplyPolicies)
	}
	if s.ExtractorDeadline != 0 {
		dst = append(dst, `,"id_extractor_deadline":`...)
		dst = strconv.AppendInt(dst, s.ExtractorDeadline, 10)
	}
	if s.Lifetime != 0 {
		dst = append(dst, `,"session_lifetime":`...)
		dst = strconv.AppendInt(dst, s.Lifetime, 10)
	}
	return dst
}

// parseSession reads a checked session object.
func parseSession(raw []byte) (*abi.Session, error) {
	m, ok := membersOf(raw)
	if !ok {
		return nil, errSession
	}
	s := &abi.Session{}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if !setSession(s, string(name), value) {
			return nil, abi.Errorf(abi.Protocol, "session: %s has the wrong type", name)
		}
	}
	return s, nil
}

// setSession sets one member; null leaves the zero value, and an unknown name
// is ignored.
func setSession(s *abi.Session, name string, value []byte) bool {
	if kindOf(value) == 'n' {
		return true
	}
	switch name {
	case "key_id":
		return setText(&s.KeyID, value)
	case "org_id":
		return setText(&s.OrgID, value)
	case "alias":
		return setText(&s.Alias, value)
	case "tags":
		return json.Unmarshal(value, &s.Tags) == nil
	case "is_inactive":
		s.Inactive = string(value) == "true"
		return s.Inactive || string(value) == "false"
	case "rate":
		return setFloat(&s.Rate, value)
	case "per":
		return setFloat(&s.Per, value)
	case "expires":
		return setInt(&s.Expires, value)
	case "quota_max":
		return setInt(&s.QuotaMax, value)
	case "quota_remaining":
		return setInt(&s.QuotaRemaining, value)
	case "quota_renewal_rate":
		return setInt(&s.QuotaRenewalRate, value)
	case "access_rights":
		return json.Unmarshal(value, &s.AccessRights) == nil
	case "apply_policies":
		return json.Unmarshal(value, &s.ApplyPolicies) == nil
	case "id_extractor_deadline":
		return setInt(&s.ExtractorDeadline, value)
	case "session_lifetime":
		return setInt(&s.Lifetime, value)
	case "metadata":
		return setMetadata(&s.Metadata, value)
	}
	return true
}

func setMetadata(dst *map[string]any, value []byte) bool {
	return kindOf(value) == '{' && json.Unmarshal(value, dst) == nil
}

func setText(dst *string, value []byte) bool {
	text, ok := textOf(value)
	*dst = string(text)
	return ok
}

// setFloat and setInt also take a number in a string: languages without
// 64-bit integers send them like this.
func setFloat(dst *float64, value []byte) bool {
	f, err := strconv.ParseFloat(string(numeral(value)), 64)
	*dst = f
	return err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func setInt(dst *int64, value []byte) bool {
	n, err := strconv.ParseInt(string(numeral(value)), 10, 64)
	*dst = n
	if err == nil {
		return true
	}
	var f float64 // 100.0 and 1e3 are integers, too
	if !setFloat(&f, value) || f != math.Trunc(f) || math.Abs(f) > MaxID {
		return false
	}
	*dst = int64(f)
	return true
}

func numeral(value []byte) []byte {
	if text, ok := textOf(value); ok {
		return text
	}
	return value
}
