// Package child is the process side of the plugin protocol: it turns Go
// functions into the handlers of an external plugin process.
//
// A program declares its handlers beside the functions and serves them:
//
//	func main() {
//		err := child.Main(child.Handler{
//			Name: "fraud-score", Hooks: []string{"post"}, Mode: "augment",
//			Headers: []string{"user-agent"}, Writes: []string{"headers"},
//			Func: func(ctx context.Context, c *child.Call) (*child.Result, error) { … },
//		})
//		if err != nil {
//			fmt.Fprintln(os.Stderr, err)
//			os.Exit(1)
//		}
//	}
//
// The package imports only the standard library, and nothing of the gateway:
// it is an independent reading of the protocol.
package child

import (
	"context"
	"encoding/json"
	"os"
)

// Handler is one function the process offers, with what it needs and writes.
type Handler struct {
	Name       string   `json:"hook_name"`
	Hooks      []string `json:"hook_types"`        // "pre", "auth", …
	Mode       string   `json:"mode,omitempty"`    // "augment", or "replace" for auth, rate_limit and virtual
	Headers    []string `json:"headers,omitempty"` // names it is sent; nil is all
	Body       string   `json:"body,omitempty"`    // "none", "utf8" or "base64"
	MaxBody    int      `json:"max_body,omitempty"`
	Truncate   bool     `json:"truncate,omitempty"`
	Writes     []string `json:"writes,omitempty"` // "headers", "query", "path", "method", "host", "body", "status", "session", "meta"
	Idempotent bool     `json:"idempotent,omitempty"`
	Cacheable  bool     `json:"cacheable,omitempty"`

	// Func runs one call. Its context ends with the call's deadline, or when
	// the gateway no longer waits; calls run concurrently. An error becomes an
	// error answer, and its text goes to the gateway's log.
	Func func(context.Context, *Call) (*Result, error) `json:"-"`
}

// Call is one hook to run.
type Call struct {
	HookType   string            `json:"hook_type"`
	HookName   string            `json:"hook_name"`
	APIID      string            `json:"api_id"`
	Generation uint64            `json:"generation"`
	RequestID  string            `json:"request_id"`
	DeadlineMS int64             `json:"deadline_ms"`
	Request    Message           `json:"request"`
	Response   *Message          `json:"response"` // response hook only
	Session    *Session          `json:"session"`
	Meta       map[string]string `json:"meta"`
	Event      *Event            `json:"event"` // event hook only, without a request

	// API is what the gateway said of the API when it was loaded; nil if it
	// said nothing.
	API *API `json:"-"`
}

// Message is a request or a reply.
type Message struct {
	Method     string  `json:"method"`
	URL        string  `json:"url"` // path and query as received
	Scheme     string  `json:"scheme"`
	Host       string  `json:"host"`
	RemoteAddr string  `json:"remote_addr"`
	StatusCode int     `json:"status_code"`
	Header     []Field `json:"header_list"`
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
	Per              float64        `json:"per,omitempty"`
	Expires          int64          `json:"expires,omitempty"`
	QuotaMax         int64          `json:"quota_max,omitempty"`
	QuotaRemaining   int64          `json:"quota_remaining,omitempty"`
	QuotaRenewalRate int64          `json:"quota_renewal_rate,omitempty"`
	Metadata         map[string]any `json:"metadata,omitempty"`
}

// API is what the gateway said of an API when it was loaded.
type API struct {
	ID         string          `json:"api_id"`
	Generation uint64          `json:"generation"`
	OrgID      string          `json:"org_id"`
	Hooks      []Binding       `json:"hooks"`
	ConfigData json.RawMessage `json:"config_data"`
}

// Binding is one hook that an API binds to a handler, with the plugin's own
// configuration.
type Binding struct {
	HookType string          `json:"hook_type"`
	HookName string          `json:"hook_name"`
	Config   json.RawMessage `json:"config"`
}

// Event is something that happened in the gateway.
type Event struct {
	Name string          `json:"name"`
	Data json.RawMessage `json:"data"`
}

// Result is what a call changes. Only what is set is changed.
type Result struct {
	Action   string            `json:"action"` // "continue", "respond"; in auth "allow", "deny", "respond"
	Request  *Edits            `json:"request,omitempty"`
	Response *Edits            `json:"response,omitempty"`
	Session  *Session          `json:"session,omitempty"`
	Meta     map[string]string `json:"meta,omitempty"`
	CacheTTL int64             `json:"cache_ttl_ms,omitempty"`
}

// Edits change a request or a reply: delete, then set, then add.
type Edits struct {
	DeleteHeaders  []string            `json:"delete_headers,omitempty"`
	SetHeaders     Fields              `json:"set_headers,omitempty"`
	AddHeaders     []Field             `json:"add_headers,omitempty"`
	Method         string              `json:"method,omitempty"`
	URL            string              `json:"url,omitempty"`
	Host           string              `json:"host,omitempty"`
	DeleteParams   []string            `json:"delete_params,omitempty"`
	AddParams      map[string]string   `json:"add_params,omitempty"`
	ExtendedParams map[string][]string `json:"extended_params,omitempty"`
	StatusCode     int                 `json:"status_code,omitempty"`
	Text           *string             `json:"body,omitempty"`
	Raw            *[]byte             `json:"raw_body,omitempty"`
	Overrides      *Overrides          `json:"return_overrides,omitempty"`
}

// Overrides are an answer in Tyk's form.
type Overrides struct {
	ResponseCode  int               `json:"response_code,omitempty"`
	ResponseBody  string            `json:"response_body,omitempty"`
	ResponseError string            `json:"response_error,omitempty"`
	Headers       map[string]string `json:"headers,omitempty"`
	OverrideError bool              `json:"override_error,omitempty"`
}

// Main serves handlers on the process's stdin and stdout until stdin ends.
// What the program prints goes to stderr from then on.
func Main(handlers ...Handler) error {
	out := os.Stdout
	os.Stdout = os.Stderr
	return Serve(context.Background(), os.Stdin, out, handlers)
}
