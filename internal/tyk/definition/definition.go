// Package definition reads API definitions of Tyk, classic ones and Tyk OAS
// documents, into one Definition, and says of every key that it does not
// understand what becomes of it.
//
// [Decode] is strict where types are concerned and lenient where keys are: a
// wrong type is an error, a key without meaning here is a [document.Note].
//
// A Tyk OAS document is an OpenAPI document, which says what paths there are,
// with a member x-tyk-api-gateway, which says what the gateway does with them.
// It is turned into the classic form, so that both formats mean the same to
// the rest of the importer.
package definition

import "github.com/c386954a/sallyport/internal/tyk/document"

// Definition is one API. Field comments say only what the names do not.
type Definition struct {
	Pos document.Position

	Name             string `json:"name"`
	APIID            string `json:"api_id"`
	OrgID            string `json:"org_id"`
	Active           *bool  `json:"active"` // nil counts as true: hand-written files leave it out
	Internal         bool   `json:"internal"`
	Domain           string `json:"domain"`
	DomainDisabled   bool   `json:"domain_disabled"`
	Protocol         string `json:"protocol"`
	ListenPort       int    `json:"listen_port"`
	Proxy            Proxy  `json:"proxy"`
	EnableContext    bool   `json:"enable_context_vars"`
	DisableRateLimit bool   `json:"disable_rate_limit"`
	DisableQuota     bool   `json:"disable_quota"`

	// Who may come in.
	UseKeyless          bool             `json:"use_keyless"`
	Auth                Token            `json:"auth"` // older form of AuthConfigs["authToken"]
	AuthConfigs         map[string]Token `json:"auth_configs"`
	StripAuthData       bool             `json:"strip_auth_data"`
	BaseIdentity        string           `json:"base_identity_provided_by"`
	UseStandardAuth     bool             `json:"use_standard_auth"`
	CustomPluginAuth    bool             `json:"custom_plugin_auth_enabled"`
	EnableCoprocessAuth bool             `json:"enable_coprocess_auth"`
	UseGoPluginAuth     bool             `json:"use_go_plugin_auth"`
	SessionLifetime     int64            `json:"session_lifetime"`
	LifetimeRespectsKey bool             `json:"session_lifetime_respects_key_expiration"`
	GlobalRateLimit     GlobalRateLimit  `json:"global_rate_limit"`

	// What runs.
	CustomMiddleware   CustomMiddleware `json:"custom_middleware"`
	Bundle             string           `json:"custom_middleware_bundle"`
	BundleDisabled     bool             `json:"custom_middleware_bundle_disabled"`
	ConfigData         *document.Value  `json:"config_data"` // an object, or nil
	ConfigDataDisabled bool             `json:"config_data_disabled"`
	EventHandlers      EventHandlers    `json:"event_handlers"`

	// Versions.
	VersionDefinition VersionDefinition `json:"definition"`
	VersionData       VersionData       `json:"version_data"`
}

// Proxy is where an API listens and where its requests go.
type Proxy struct {
	ListenPath        string    `json:"listen_path"`
	StripListenPath   bool      `json:"strip_listen_path"`
	TargetURL         string    `json:"target_url"`
	PreserveHost      bool      `json:"preserve_host_header"`
	DisableStripSlash bool      `json:"disable_strip_slash"`
	Transport         Transport `json:"transport"`
}

// Transport is how the upstream is reached.
type Transport struct {
	InsecureSkipVerify bool   `json:"ssl_insecure_skip_verify"`
	ProxyURL           string `json:"proxy_url"`
}

// Token says where a request carries its key.
type Token struct {
	Pos document.Position

	DisableHeader bool   `json:"disable_header"`
	HeaderName    string `json:"auth_header_name"` // Authorization if empty
	UseParam      bool   `json:"use_param"`
	ParamName     string `json:"param_name"`
	UseCookie     bool   `json:"use_cookie"`
	CookieName    string `json:"cookie_name"`
	Name          string `json:"name"` // of the scheme in the OAS document
}

// GlobalRateLimit bounds all requests of an API together.
type GlobalRateLimit struct {
	Rate     float64 `json:"rate"`
	Per      float64 `json:"per"` // seconds
	Disabled bool    `json:"disabled"`
}

// Names of entries of Definition.AuthConfigs.
const (
	AuthToken     = "authToken"
	AuthCoprocess = "coprocess"
)

// Token returns where the token check looks: auth_configs if it says so,
// else the older key.
func (d *Definition) Token() Token {
	if t, ok := d.AuthConfigs[AuthToken]; ok {
		return t
	}
	return d.Auth
}

// IsActive reports whether the API is to be served.
func (d *Definition) IsActive() bool { return d.Active == nil || *d.Active }

// CustomAuth reports whether the definition asks for its auth_check hook.
func (d *Definition) CustomAuth() bool {
	return d.CustomPluginAuth || d.EnableCoprocessAuth || d.UseGoPluginAuth
}

// FormatOf says which format a definition has: classic or oas.
func FormatOf(v *document.Value) string {
	if v.Get(Extension) != nil || v.Get("openapi") != nil {
		return "oas"
	}
	return "classic"
}

// Decode reads a definition of either format. The notes are about every key
// that has no meaning here, in the order of the text; keys that ask for nothing
// (false, zero, empty) are passed over if they are known. What an OAS document
// has for the sake of OpenAPI is passed over as well.
//
// An error is always of type [document.Mistakes].
func Decode(v *document.Value) (*Definition, []document.Note, error) {
	if FormatOf(v) == "oas" {
		return decodeOAS(v)
	}
	d := &Definition{}
	unknown, err := v.Decode(d)
	if err != nil {
		return nil, nil, err
	}
	return d, classicRules.Notes(unknown, d.UseKeyless), nil
}

// What several rules say.
const (
	otherAuth  = "is a way to authenticate that is not supported; without it the API would be more open"
	moreOpen   = "is not supported; without it the API would let more through"
	noEffect   = "has no effect here"
	notAnalyse = "is about analytics, which the gateway has none of; ignored"
	notDone    = "is not supported; ignored"
	oneTarget  = "is not supported: all requests go to upstream.url"
)
