package native

import (
	"encoding/json"
	"strconv"

	"github.com/c386954a/sallyport/abi"
)

// metaGet (name, name_len, buf, cap) reads a value of the request.
func metaGet(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	value, ok := c.x.Meta.Get(name)
	if !ok {
		return int64(CodeNotFound)
	}
	return f.give(2, value)
}

// metaSet (name, name_len, value, value_len) leaves a value.
func metaSet(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	value, ok := f.bytes(2)
	if !ok {
		return int64(CodeFault)
	}
	return c.edited(c.x.SetMeta(name, value))
}

// sessionGet (name, name_len, buf, cap) reads one field of the session by its
// JSON name; the empty name is the whole session as JSON.
func sessionGet(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	if c.x.Session == nil {
		return int64(CodeNotFound)
	}
	value, ok := c.sessionField(c.x.Session, name)
	if !ok {
		return int64(CodeNotFound)
	}
	return f.give(2, value)
}

// sessionField returns strings as their text and everything else as JSON.
func (c *Call) sessionField(s *abi.Session, name []byte) (value []byte, ok bool) {
	b := c.scratch[:0]
	switch string(name) {
	case "":
		return marshal(s)
	case "key_id":
		b = append(b, s.KeyID...)
	case "org_id":
		b = append(b, s.OrgID...)
	case "alias":
		b = append(b, s.Alias...)
	case "tags":
		return marshal(s.Tags)
	case "is_inactive":
		b = strconv.AppendBool(b, s.Inactive)
	case "rate":
		b = strconv.AppendFloat(b, s.Rate, 'g', -1, 64)
	case "per":
		b = strconv.AppendFloat(b, s.Per, 'g', -1, 64)
	case "expires":
		b = strconv.AppendInt(b, s.Expires, 10)
	case "quota_max":
		b = strconv.AppendInt(b, s.QuotaMax, 10)
	case "quota_remaining":
		b = strconv.AppendInt(b, s.QuotaRemaining, 10)
	case "quota_renewal_rate":
		b = strconv.AppendInt(b, s.QuotaRenewalRate, 10)
	case "meta_data":
		return marshal(s.Metadata)
	default:
		return nil, false
	}
	c.scratch = b
	return b, true
}

// sessionSet (json, len) sets the session.
func sessionSet(c *Call, f hostFrame) int64 {
	data, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	if len(data) > abi.MaxEditBytes {
		return int64(CodeLimit)
	}
	s := new(abi.Session)
	if json.Unmarshal(data, s) != nil {
		return int64(CodeInvalid)
	}
	return c.edited(c.x.SetSession(s))
}

// metadataGet (name, name_len, buf, cap) reads one value of the session's
// metadata; the empty name is the whole object as JSON.
func metadataGet(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	if c.x.Session == nil {
		return int64(CodeNotFound)
	}
	value, ok := c.metadatum(c.x.Session.Metadata, name)
	if !ok {
		return int64(CodeNotFound)
	}
	return f.give(2, value)
}

func (c *Call) metadatum(metadata map[string]any, name []byte) (value []byte, ok bool) {
	if len(name) == 0 {
		return marshal(metadata)
	}
	v, ok := metadata[string(name)]
	if !ok {
		return nil, false
	}
	if s, isString := v.(string); isString {
		c.scratch = append(c.scratch[:0], s...)
		return c.scratch, true
	}
	return marshal(v)
}

// metadataSet (json, len) replaces the metadata.
func metadataSet(c *Call, f hostFrame) int64 {
	data, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	if len(data) > abi.MaxEditBytes {
		return int64(CodeLimit)
	}
	var metadata map[string]any
	if json.Unmarshal(data, &metadata) != nil {
		return int64(CodeInvalid)
	}
	return c.edited(c.x.SetMetadata(metadata))
}

// marshal returns v as JSON. What JSON cannot express is not found.
func marshal(v any) (value []byte, ok bool) {
	b, err := json.Marshal(v)
	return b, err == nil
}
