package definition

import "github.com/c386954a/sallyport/internal/tyk/document"

// VersionDefinition says where a request names its version.
type VersionDefinition struct {
	Location          string `json:"location"` // header, url-param, url
	Key               string `json:"key"`
	StripVersion      bool   `json:"strip_versioning_data"`
	StripPath         bool   `json:"strip_path"` // older name of StripVersion
	FallbackToDefault bool   `json:"fallback_to_default"`
}

// VersionData are the versions of an API. One that is not versioned has one.
type VersionData struct {
	NotVersioned   bool               `json:"not_versioned"`
	DefaultVersion string             `json:"default_version"`
	Versions       map[string]Version `json:"versions"`
}

// Version is one version of an API.
type Version struct {
	Pos document.Position

	Name             string        `json:"name"`
	Expires          string        `json:"expires"` // 2006-01-02 15:04, UTC; empty or -1: never
	UseExtendedPaths bool          `json:"use_extended_paths"`
	ExtendedPaths    ExtendedPaths `json:"extended_paths"`
	Paths            Paths         `json:"paths"` // count where UseExtendedPaths is false
	OverrideTarget   string        `json:"override_target"`
	IgnoreCase       bool          `json:"ignore_endpoint_case"`

	GlobalHeaders               map[string]string `json:"global_headers"`
	GlobalHeadersDisabled       bool              `json:"global_headers_disabled"`
	GlobalHeadersRemove         []string          `json:"global_headers_remove"`
	GlobalResponseHeaders       map[string]string `json:"global_response_headers"`
	GlobalResponseDisabled      bool              `json:"global_response_headers_disabled"`
	GlobalResponseHeadersRemove []string          `json:"global_response_headers_remove"`
	GlobalSizeLimit             int64             `json:"global_size_limit"` // bytes; 0 is none
	GlobalSizeLimitDisabled     bool              `json:"global_size_limit_disabled"`
}

// Paths are lists of paths of the older form, for every method.
type Paths struct {
	Ignored   []string `json:"ignored"`
	WhiteList []string `json:"white_list"`
	BlackList []string `json:"black_list"`
}

// ExtendedPaths are what an API does at single endpoints.
type ExtendedPaths struct {
	Ignored   []Endpoint        `json:"ignored"`
	WhiteList []Endpoint        `json:"white_list"`
	BlackList []Endpoint        `json:"black_list"`
	Virtual   []VirtualEndpoint `json:"virtual"`
}

// Endpoint is one entry of the lists of paths.
type Endpoint struct {
	Pos document.Position

	Disabled   bool   `json:"disabled"`
	Path       string `json:"path"`
	Method     string `json:"method"` // every method if empty
	IgnoreCase bool   `json:"ignore_case"`

	// MethodActions is the older form: one action for each method.
	MethodActions map[string]MethodAction `json:"method_actions"`
}

// MethodAction is what an Endpoint does to requests of one method: let them
// pass (no_action), or answer them (reply).
type MethodAction struct {
	Action  string            `json:"action"`
	Code    int               `json:"code"`
	Data    string            `json:"data"`
	Headers map[string]string `json:"headers"`
}

// VirtualEndpoint is one virtual endpoint.
type VirtualEndpoint struct {
	Pos document.Position

	Disabled     bool   `json:"disabled"`
	Path         string `json:"path"`
	Method       string `json:"method"`
	Function     string `json:"response_function_name"`
	SourceType   string `json:"function_source_type"` // file or blob
	SourceURI    string `json:"function_source_uri"`  // path, or base64
	UseSession   bool   `json:"use_session"`
	ProxyOnError bool   `json:"proxy_on_error"`
}

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
