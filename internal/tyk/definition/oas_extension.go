package definition

import "github.com/c386954a/sallyport/internal/tyk/document"

// extension is what is read of x-tyk-api-gateway. A pointer tells what is not
// there from what is empty, where that matters.
type extension struct {
	Info struct {
		ID    string `json:"id"`
		OrgID string `json:"orgId"`
		Name  string `json:"name"`
		State struct {
			Active   *bool `json:"active"`
			Internal bool  `json:"internal"`
		} `json:"state"`
	} `json:"info"`
	Upstream   upstream   `json:"upstream"`
	Server     server     `json:"server"`
	Middleware middleware `json:"middleware"`
}

// toggle is an object with nothing but a switch.
type toggle struct {
	Enabled bool `json:"enabled"`
}

type upstream struct {
	URL                   string `json:"url"`
	PreserveHostHeader    toggle `json:"preserveHostHeader"`
	PreserveTrailingSlash toggle `json:"preserveTrailingSlash"`
	TLSTransport          struct {
		InsecureSkipVerify bool `json:"insecureSkipVerify"`
	} `json:"tlsTransport"`
	Proxy struct {
		Enabled bool   `json:"enabled"`
		URL     string `json:"url"`
	} `json:"proxy"`
	RateLimit *struct {
		Enabled bool            `json:"enabled"`
		Rate    float64         `json:"rate"`
		Per     *document.Value `json:"per"` // a duration
	} `json:"rateLimit"`
}

type server struct {
	ListenPath struct {
		Value string `json:"value"`
		Strip bool   `json:"strip"`
	} `json:"listenPath"`
	CustomDomain *struct {
		Enabled bool   `json:"enabled"`
		Name    string `json:"name"`
	} `json:"customDomain"`
	Port             int             `json:"port"`
	Protocol         string          `json:"protocol"`
	ContextVariables toggle          `json:"contextVariables"`
	Authentication   *authentication `json:"authentication"`
	EventHandlers    []event         `json:"eventHandlers"`
}

type authentication struct {
	Enabled                bool                       `json:"enabled"`
	StripAuthorizationData bool                       `json:"stripAuthorizationData"`
	BaseIdentityProvider   string                     `json:"baseIdentityProvider"`
	SecuritySchemes        map[string]*document.Value `json:"securitySchemes"`
	Custom                 *customAuth                `json:"custom"`
	CustomKeyLifetime      struct {
		Enabled         bool            `json:"enabled"`
		Value           *document.Value `json:"value"` // a duration
		RespectValidity bool            `json:"respectValidity"`
	} `json:"customKeyLifetime"`
}

// sources are where a request may carry its key.
type sources struct {
	Header *keySource `json:"header"`
	Query  *keySource `json:"query"`
	Cookie *keySource `json:"cookie"`
}

type keySource struct {
	Enabled bool   `json:"enabled"`
	Name    string `json:"name"`
}

type customAuth struct {
	Pos document.Position

	Enabled bool        `json:"enabled"`
	Header  *keySource  `json:"header"`
	Query   *keySource  `json:"query"`
	Cookie  *keySource  `json:"cookie"`
	Config  *authPlugin `json:"config"`
}

type authPlugin struct {
	Pos document.Position

	Enabled        bool         `json:"enabled"`
	FunctionName   string       `json:"functionName"`
	Path           string       `json:"path"`
	Code           string       `json:"code"`
	RawBodyOnly    bool         `json:"rawBodyOnly"`
	RequireSession bool         `json:"requireSession"`
	IDExtractor    *idExtractor `json:"idExtractor"`
}

type idExtractor struct {
	Enabled bool   `json:"enabled"`
	Source  string `json:"source"`
	With    string `json:"with"`
	Config  struct {
		HeaderName       string `json:"headerName"`
		FormParamName    string `json:"formParamName"`
		Regexp           string `json:"regexp"`
		RegexpMatchIndex int    `json:"regexpMatchIndex"`
		XPathExp         string `json:"xPathExp"`
	} `json:"config"`
}

type event struct {
	Pos document.Position

	Enabled        bool            `json:"enabled"`
	Trigger        string          `json:"trigger"`
	Type           string          `json:"type"` // custom, webhook, log
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	FunctionName   string          `json:"functionName"`
	Path           string          `json:"path"`
	URL            string          `json:"url"`
	Method         string          `json:"method"`
	Headers        []header        `json:"headers"`
	BodyTemplate   string          `json:"bodyTemplate"`
	CooldownPeriod *document.Value `json:"cooldownPeriod"` // a duration
	LogPrefix      string          `json:"logPrefix"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type middleware struct {
	Global     global               `json:"global"`
	Operations map[string]operation `json:"operations"`
}

type global struct {
	PluginConfig struct {
		Driver string `json:"driver"`
		Bundle *struct {
			Enabled bool   `json:"enabled"`
			Path    string `json:"path"`
		} `json:"bundle"`
		Data *struct {
			Enabled bool            `json:"enabled"`
			Value   *document.Value `json:"value"`
		} `json:"data"`
	} `json:"pluginConfig"`

	PrePlugins      []oasPlugin `json:"prePlugins"`
	PostAuthPlugins []oasPlugin `json:"postAuthenticationPlugins"`
	PostPlugins     []oasPlugin `json:"postPlugins"`
	ResponsePlugins []oasPlugin `json:"responsePlugins"`

	// Older forms of the four.
	PrePlugin      oldPlugins `json:"prePlugin"`
	PostAuthPlugin oldPlugins `json:"postAuthenticationPlugin"`
	PostPlugin     oldPlugins `json:"postPlugin"`
	ResponsePlugin oldPlugins `json:"responsePlugin"`

	RequestHeaders   *oasTransform `json:"transformRequestHeaders"`
	ResponseHeaders  *oasTransform `json:"transformResponseHeaders"`
	ContextVariables toggle        `json:"contextVariables"`
	IgnoreCase       toggle        `json:"ignoreCase"`
	RequestSizeLimit *struct {
		Enabled bool  `json:"enabled"`
		Value   int64 `json:"value"`
	} `json:"requestSizeLimit"`
	SkipRateLimit bool `json:"skipRateLimit"`
	SkipQuota     bool `json:"skipQuota"`
}

type oldPlugins struct {
	Plugins []oasPlugin `json:"plugins"`
}

type oasPlugin struct {
	Pos document.Position

	Enabled        bool   `json:"enabled"`
	FunctionName   string `json:"functionName"`
	Path           string `json:"path"`
	Code           string `json:"code"`
	RawBodyOnly    bool   `json:"rawBodyOnly"`
	RequireSession bool   `json:"requireSession"`
}

type oasTransform struct {
	Enabled bool     `json:"enabled"`
	Remove  []string `json:"remove"`
	Add     []header `json:"add"`
}

type operation struct {
	Pos document.Position

	Allow                *allowance `json:"allow"`
	Block                *allowance `json:"block"`
	IgnoreAuthentication *allowance `json:"ignoreAuthentication"`
	VirtualEndpoint      *virtual   `json:"virtualEndpoint"`
}

type allowance struct {
	Pos document.Position

	Enabled    bool `json:"enabled"`
	IgnoreCase bool `json:"ignoreCase"`
}

type virtual struct {
	Pos document.Position

	Enabled        bool   `json:"enabled"`
	FunctionName   string `json:"functionName"`
	Name           string `json:"name"` // older form of FunctionName
	Path           string `json:"path"`
	Body           string `json:"body"` // base64; wins over Path
	ProxyOnError   bool   `json:"proxyOnError"`
	RequireSession bool   `json:"requireSession"`
}
