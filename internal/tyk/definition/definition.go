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
