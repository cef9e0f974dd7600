package sallyport

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// Call is one hook to run. It belongs to the handler.
type Call struct {
	HookType   Hook              `json:"hook_type"`
	HookName   string            `json:"hook_name"`
	APIID      string            `json:"api_id"`
	Generation uint64            `json:"generation"`
	RequestID  string            `json:"request_id"`
	DeadlineMS int64             `json:"deadline_ms"` // from when the gateway wrote the call
	Session    *Session          `json:"session"`     // after auth
	Meta       map[string]string `json:"meta"`        // what earlier plugins of the request left
	Event      *Event            `json:"event"`       // event hook only, without a request

	Request  Message  `json:"-"`
	Response *Message `json:"-"` // response hook only

	// API is what the gateway said of the API when it was loaded.
	API *API `json:"-"`

	// Gateway takes log lines and metrics.
	Gateway *Gateway `json:"-"`
}

// Message is a request or a reply.
type Message struct {
	Method     string  `json:"method"`
	URL        string  `json:"url"` // path and query as received
	Scheme     string  `json:"scheme"`
	Host       string  `json:"host"`
	RemoteAddr string  `json:"remote_addr"`
	StatusCode int     `json:"status_code"`
	Header     []Field `json:"-"`
	Text       *string `json:"body"`     // body that is UTF-8, if it was asked for
	Raw        []byte  `json:"raw_body"` // any other
	BodySize   int     `json:"body_size"`
	Truncated  bool    `json:"body_truncated"`
}

// Body returns the body's bytes, whichever way they came.
func (m *Message) Body() []byte {
	if m.Text != nil {
		return []byte(*m.Text)
	}
	return m.Raw
}

// Session is what is known of the caller.
type Session struct {
	KeyID            string         `json:"key_id,omitempty"`
	OrgID            string         `json:"org_id,omitempty"`
	Alias            string         `json:"alias,omitempty"`
	Tags             []string       `json:"tags,omitempty"`
	Inactive         bool           `json:"is_inactive,omitempty"`
	Rate             float64        `json:"rate,omitempty"`
	Per              float64        `json:"per,omitempty"` // seconds
	Expires          int64          `json:"expires,omitempty"`
	QuotaMax         int64          `json:"quota_max,omitempty"`
	QuotaRemaining   int64          `json:"quota_remaining,omitempty"`
	QuotaRenewalRate int64          `json:"quota_renewal_rate,omitempty"`
	Metadata         map[string]any `json:"metadata,omitempty"`

	// What only APIs written for Tyk have. AccessRights is an object by API id.
	AccessRights        json.RawMessage `json:"access_rights,omitempty"`
	ApplyPolicies       []string        `json:"apply_policies,omitempty"`
	IDExtractorDeadline int64           `json:"id_extractor_deadline,omitempty"` // Unix seconds
	SessionLifetime     int64           `json:"session_lifetime,omitempty"`      // seconds
}

// Event is something that happened in the gateway.
type Event struct {
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"`
}

// frame is a message of the gateway with the params of every method, so that
// one pass decodes it, by hand or by reflection.
type frame struct {
	ID     *int64 `json:"id"`
	Method string `json:"method"`
	Params params `json:"params"`
}

type params struct {
	Call
	Request    carried         `json:"request"`
	Response   *carried        `json:"response"`
	Protocol   []string        `json:"protocol"`
	Limits     limits          `json:"limits"`
	OrgID      string          `json:"org_id"`
	Hooks      []Binding       `json:"hooks"`
	ConfigData json.RawMessage `json:"config_data"`
	Sandbox    json.RawMessage `json:"sandbox"` // of initialize
	ID         int64           `json:"id"`      // of cancel
}

type limits struct {
	MaxMessage  int `json:"max_message_bytes,omitempty"`
	MaxInFlight int `json:"max_in_flight,omitempty"`
}

// carried is a message with its header as it is on the wire: [name, value], or
// [name, null, base64] if the value is not UTF-8.
type carried struct {
	Message
	Header [][]string `json:"header_list"`
}

func (c *carried) message() (Message, error) {
	m := c.Message
	if c.Header == nil { // parsed by hand
		return m, nil
	}
	m.Header = make([]Field, len(c.Header))
	for i, f := range c.Header {
		switch len(f) {
		case 2:
			m.Header[i] = Field{f[0], f[1]}
		case 3:
			value, err := base64.StdEncoding.DecodeString(f[2])
			if err != nil {
				return m, err
			}
			m.Header[i] = Field{f[0], string(value)}
		default:
			return m, errors.New("header field is not a pair")
		}
	}
	return m, nil
}

// call returns the params of dispatch as a call.
func (p *params) call() (c *Call, err error) {
	c = &p.Call
	if c.Request, err = p.Request.message(); err != nil {
		return nil, err
	}
	if p.Response != nil {
		m, err := p.Response.message()
		c.Response = &m
		return c, err
	}
	return c, nil
}

// api returns the params of api/load as an API.
func (p *params) api() *API {
	return &API{ID: p.APIID, Generation: p.Generation, OrgID: p.OrgID, Hooks: p.Hooks, ConfigData: p.ConfigData}
}

// Field is one header field. Values that are not UTF-8 are preserved.
type Field struct{ Name, Value string }

// MarshalJSON writes [name, value], or [name, null, base64].
func (f Field) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(f.Value) {
		return json.Marshal([2]string{f.Name, f.Value})
	}
	return json.Marshal([3]any{f.Name, nil, []byte(f.Value)})
}

// Get returns the first value of a header field.
func (m *Message) Get(name string) (value string, ok bool) {
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}

// Values returns all values of a header field.
func (m *Message) Values(name string) []string {
	var values []string
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Fields are header fields to set, in order. On the wire they are an object.
type Fields []Field

// Set sets a field to one value; the last value of a name counts.
func (f *Fields) Set(name, value string) {
	for i := range *f {
		if (*f)[i].Name == name {
			(*f)[i].Value = value
			return
		}
	}
	*f = append(*f, Field{name, value})
}

// MarshalJSON writes an object whose members keep their order.
func (f Fields) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, field := range f {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(field.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(field.Value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}
