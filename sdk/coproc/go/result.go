package sallyport

import "unicode/utf8"

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
	AddParams      map[string]string   `json:"add_params,omitempty"`      // replaces
	ExtendedParams map[string][]string `json:"extended_params,omitempty"` // appends
	StatusCode     int                 `json:"status_code,omitempty"`
	Text           *string             `json:"body,omitempty"`
	Raw            *[]byte             `json:"raw_body,omitempty"`
	Overrides      *Overrides          `json:"return_overrides,omitempty"`
}

// SetBody replaces the body, in the form that costs least.
func (e *Edits) SetBody(b []byte) {
	e.Text, e.Raw = nil, nil
	if utf8.Valid(b) {
		text := string(b)
		e.Text = &text
		return
	}
	e.Raw = &b
}

// Overrides are an answer in Tyk's form. From 400 on the gateway gives it the
// shape of its own errors, unless OverrideError is set.
type Overrides struct {
	ResponseCode  int               `json:"response_code,omitempty"`
	ResponseBody  string            `json:"response_body,omitempty"`
	ResponseError string            `json:"response_error,omitempty"`
	Headers       map[string]string `json:"headers,omitempty"`
	OverrideError bool              `json:"override_error,omitempty"`
}

// Edit lets the request go on with changes.
func Edit(e Edits) *Result { return &Result{Action: "continue", Request: &e} }

// EditReply changes the reply, in the response hook.
func EditReply(e Edits) *Result { return &Result{Action: "continue", Response: &e} }

// Respond answers the client instead of the upstream.
func Respond(status int, body []byte, header ...Field) *Result {
	e := Edits{StatusCode: status, AddHeaders: header}
	e.SetBody(body)
	return &Result{Action: "respond", Response: &e}
}

// Refuse answers with an error of the gateway's shape.
func Refuse(status int, text string) *Result {
	return &Result{Action: "respond", Request: &Edits{Overrides: &Overrides{ResponseCode: status, ResponseError: text}}}
}

// Allow lets the caller in, in auth. The session's KeyID names the key:
// without one no counter is shared between requests.
func Allow(s *Session) *Result { return &Result{Action: "allow", Session: s} }

// Deny refuses the caller, in auth: 403, in the gateway's words.
func Deny() *Result { return &Result{Action: "deny"} }
