//go:build !wasip1

package sallyport

import (
	"encoding/json"
	"slices"
	"time"
)

// Fake stands in for the gateway in tests of a plugin. Its fields are what
// the plugin will see, and afterwards what it made of it. It does not exist
// in WebAssembly. The zero value is an empty GET request in the hook pre.
//
//	fake := &sallyport.Fake{URI: "/orders"}
//	verdict := tag(fake.Exchange())
//	tenant := fake.RequestHeader
//
// Unlike the gateway it checks neither the spelling of names and values nor
// limits nor grants, and nothing in KV ever expires.
type Fake struct {
	Hook string // as configuration files spell it; empty is pre

	Method, URI, Host, RemoteAddr, Proto, Scheme, RequestID string

	RequestHeader []Field
	RequestBody   []byte

	Status      int
	ReplyHeader []Field
	ReplyBody   []byte

	Meta     map[string]string
	Session  json.RawMessage // nil if there is none
	Config   json.RawMessage // of the plugin
	API      FakeAPI
	Notice   FakeNotice
	TimeLeft time.Duration
	Logs     []string

	KV      map[string]string
	Env     map[string]string
	Metrics map[string]float64 // by name and labels, as in "lookups outcome=hit"

	// HTTP answers the requests of the plugin. Nil is a network without
	// servers. An error that is an [Errno] is the one the plugin gets.
	HTTP func(HTTPRequest) (FakeResponse, error)

	response *FakeResponse
}

// FakeResponse is what a server answers.
type FakeResponse struct {
	Status int
	Header []Field
	Body   []byte
}

// FakeAPI is the API that a Fake belongs to.
type FakeAPI struct {
	ID, Name, OrgID, ListenPath string
	Config                      json.RawMessage
}

// FakeNotice is the event that a Fake is about.
type FakeNotice struct {
	Name string
	Data json.RawMessage
}

// Exchange returns what a handler is called with.
func (f *Fake) Exchange() *Exchange { return newExchange(host{f}) }

func (f *Fake) header(message uint32) *[]Field {
	if message == ofReply {
		return &f.ReplyHeader
	}
	return &f.RequestHeader
}

// values returns the values of all fields of that name.
func (f *Fake) values(message uint32, name string) []string {
	var values []string
	for _, field := range *f.header(message) {
		if equalFold(field.Name, name) {
			values = append(values, field.Value)
		}
	}
	return values
}

// names returns every name once.
func (f *Fake) names(message uint32) []string {
	var names []string
	for _, field := range *f.header(message) {
		same := func(s string) bool { return equalFold(s, field.Name) }
		if !slices.ContainsFunc(names, same) {
			names = append(names, field.Name)
		}
	}
	return names
}

// del removes all fields of that name but the first keep.
func (f *Fake) del(message uint32, name string, keep int) {
	h := f.header(message)
	*h = slices.DeleteFunc(*h, func(field Field) bool {
		if !equalFold(field.Name, name) {
			return false
		}
		keep--
		return keep < 0
	})
}

// editable reports whether the hook may edit the message.
func (f *Fake) editable(message uint32) bool {
	return f.Hook != "event" && (message == ofReply || f.Hook != "response")
}

// part returns a part of the request line, or nil.
func (f *Fake) part(part uint32) *string {
	parts := []*string{&f.Method, &f.URI, &f.Host, &f.RemoteAddr, &f.Proto, &f.Scheme, &f.RequestID}
	if int(part) >= len(parts) {
		return nil
	}
	return parts[part]
}

// member returns one member of a JSON object, as the gateway does.
func member(object json.RawMessage, name string) (text string, ok bool) {
	if len(object) == 0 || name == "" {
		return string(object), len(object) > 0
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return "", false
	}
	raw, ok := members[name]
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return string(raw), ok
	}
	return text, ok
}

// equalFold compares header names without regard to ASCII case.
func equalFold(a, b string) bool {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
