package definition

import "github.com/c386954a/sallyport/internal/tyk/document"

// CustomMiddleware are the hooks of an API. A bundle's manifest has the same
// section.
type CustomMiddleware struct {
	Pos document.Position

	Driver      string      `json:"driver"`
	Pre         []HookEntry `json:"pre"`
	AuthCheck   HookEntry   `json:"auth_check"`
	PostKeyAuth []HookEntry `json:"post_key_auth"`
	Post        []HookEntry `json:"post"`
	Response    []HookEntry `json:"response"`
	IDExtractor IDExtractor `json:"id_extractor"`
}

// HookEntry is one script, or one handler of another driver.
type HookEntry struct {
	Pos document.Position

	Disabled       bool   `json:"disabled"`
	Name           string `json:"name"`
	Path           string `json:"path"`
	Code           string `json:"code"` // base64; wins over Path
	RequireSession bool   `json:"require_session"`
	RawBodyOnly    bool   `json:"raw_body_only"`
}

// IsSet reports whether the hook names something to run.
func (h HookEntry) IsSet() bool { return !h.Disabled && (h.Name != "" || h.Path != "" || h.Code != "") }

// IDExtractor finds the id of a caller before a coprocess is asked.
type IDExtractor struct {
	Disabled    bool             `json:"disabled"`
	ExtractFrom string           `json:"extract_from"` // header, body, querystring, form
	ExtractWith string           `json:"extract_with"` // value, xpath, regex
	Config      ExtractorDetails `json:"extractor_config"`
}

// IsSet reports whether the extractor takes part.
func (e IDExtractor) IsSet() bool { return !e.Disabled && e.ExtractFrom != "" }

// ExtractorDetails are the details of an IDExtractor.
type ExtractorDetails struct {
	HeaderName      string `json:"header_name"`
	ParamName       string `json:"param_name"`
	RegexExpression string `json:"regex_expression"`
	RegexMatchIndex int    `json:"regex_match_index"`
	XPathExpression string `json:"xpath_expression"`
}

// EventHandlers are what is told what happened.
type EventHandlers struct {
	Events map[string][]EventHandler `json:"events"`
}

// EventHandler is one handler of one event.
type EventHandler struct {
	Pos document.Position

	Handler string    `json:"handler_name"` // eh_dynamic_handler, cp_dynamic_handler, eh_log_handler, eh_web_hook_handler
	Meta    EventMeta `json:"handler_meta"`
}

// EventMeta are the settings of an EventHandler; which of them count depends
// on the handler.
type EventMeta struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	ID       string `json:"id"`
	Disabled bool   `json:"disabled"`
	Prefix   string `json:"prefix"`

	Method       string            `json:"method"`
	TargetPath   string            `json:"target_path"`
	TemplatePath string            `json:"template_path"`
	HeaderMap    map[string]string `json:"header_map"`
	EventTimeout int64             `json:"event_timeout"` // seconds
}
