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
	if len(name) == 0 {
		return marshal(s)
	}
	m := abi.SessionMemberOf(string(name))
	if m == nil || !m.Guest {
		return nil, false
	}
	b := c.scratch[:0]
	switch p := m.Field(s).(type) {
	case *string:
		b = append(b, *p...)
	case *bool:
		b = strconv.AppendBool(b, *p)
	case *float64:
		b = strconv.AppendFloat(b, *p, 'g', -1, 64)
	case *int64:
		b = strconv.AppendInt(b, *p, 10)
	default:
		return marshal(p)
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
