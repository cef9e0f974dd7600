package native

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// memberList are the members of one JSON object, as guests read them: strings as
// their text, everything else as JSON. The entry with the empty name is the
// whole object.
type memberList []member

type member struct {
	name  string
	value []byte
}

// parseMembers takes a JSON object apart. Nil has no members.
func parseMembers(object []byte) (memberList, error) {
	if len(object) == 0 {
		return nil, nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(object, &raw); err != nil {
		return nil, err
	}
	ms := memberList{{"", object}}
	for name, value := range raw {
		if name != "" {
			ms = append(ms, member{name, plain(value)})
		}
	}
	slices.SortFunc(ms, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return ms, nil
}

// get returns the member of that name.
func (ms memberList) get(name []byte) (value []byte, ok bool) {
	for i := range ms {
		if ms[i].name == string(name) {
			return ms[i].value, true
		}
	}
	return nil, false
}

// plain returns the text of a JSON string, and any other JSON as it is.
func plain(raw json.RawMessage) []byte {
	var s string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return []byte(s)
	}
	return raw
}

// The scopes of config_get.
const (
	scopePlugin = iota
	scopeAPI
)

// configGet (scope, name, name_len, buf, cap) reads one member.
func configGet(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(1)
	if !ok {
		return int64(CodeFault)
	}
	var config memberList
	switch f.u32(0) {
	case scopePlugin:
		config = c.host.config
	case scopeAPI:
		if c.x == nil {
			return int64(CodeNoCall)
		}
		config = c.host.apiConfig(c.x.API)
	default:
		return int64(CodeInvalid)
	}
	value, ok := config.get(name)
	if !ok {
		return int64(CodeNotFound)
	}
	return f.give(3, value)
}

// apiGet (part, buf, cap) reads what identifies the API.
func apiGet(c *Call, f hostFrame) int64 {
	text, ok := apiPart(c.x.API, f.u32(0))
	if !ok {
		return int64(CodeInvalid)
	}
	buffer, code := f.reserve(1, len(text))
	copy(buffer, text)
	return code
}

func apiPart(a *abi.API, part uint32) (text string, ok bool) {
	switch part {
	case 0:
		return a.ID, true
	case 1:
		return a.Name, true
	case 2:
		return a.OrgID, true
	case 3:
		return a.ListenPath, true
	}
	return "", false
}
