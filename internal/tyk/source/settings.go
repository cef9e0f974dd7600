package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// defaultMaxBody is what a request may have where tyk.conf sets no limit. Tyk
// has none: this is wide enough for what its users send through scripts.
const defaultMaxBody = 8 << 20

// GatewaySettings are those of tyk.conf that have a meaning here.
type GatewaySettings struct {
	Root  *document.Value // nil without a document
	Notes []document.Note // about keys without a meaning; none after an error
	Err   error

	ListenAddress string `json:"listen_address"`
	ListenPort    int    `json:"listen_port"`
	AppPath       string `json:"app_path"`
	HashKeys      bool   `json:"hash_keys"`
	MasterKeys    bool   `json:"allow_master_keys"`

	EnableJSVM           bool   `json:"enable_jsvm"`
	JSVMTimeout          int64  `json:"jsvm_timeout"` // seconds
	TykJSPath            string `json:"tyk_js_path"`
	MiddlewarePath       string `json:"middleware_path"`
	NoBlobs              bool   `json:"disable_virtual_path_blobs"`
	KeepHeaderCase       bool   `json:"ignore_canonical_mime_header_key"`
	IgnoreEndpointCase   bool   `json:"ignore_endpoint_case"`
	ManagementNode       bool   `json:"management_node"`
	EnableBundles        bool   `json:"enable_bundle_downloader"`
	BundleBaseURL        string `json:"bundle_base_url"`
	BundleInsecure       bool   `json:"bundle_insecure_skip_verify"`
	PublicKeyPath        string `json:"public_key_path"`
	SkipVerifyOldBundles bool   `json:"skip_verify_existing_plugin_bundle"`

	Coprocess Coprocess        `json:"coprocess_options"`
	Server    ListenerSettings `json:"http_server_options"`
}

// Coprocess are the settings of plugins of other languages.
type Coprocess struct {
	Enabled bool  `json:"enable_coprocess"`
	RecvMax int64 `json:"grpc_recv_max_size"`
	SendMax int64 `json:"grpc_send_max_size"`
}

// ListenerSettings are the settings of the listener and of paths.
type ListenerSettings struct {
	PrefixMatching bool          `json:"enable_path_prefix_matching"`
	KeepPaths      bool          `json:"skip_url_cleaning"`
	SuffixMatching bool          `json:"enable_path_suffix_matching"`
	StrictRoutes   bool          `json:"enable_strict_routes"`
	MaxBody        int64         `json:"max_request_body_size"`
	UseSSL         bool          `json:"use_ssl"`
	Certificates   []Certificate `json:"certificates"`
	ReadTimeout    int64         `json:"read_timeout"`  // seconds
	WriteTimeout   int64         `json:"write_timeout"` // seconds
}

// Certificate is one of the listener.
type Certificate struct {
	CertFile string `json:"cert_file"`
	KeyFile  string `json:"key_file"`
}

// readSettings reads tyk.conf. Without one, the gateway is as the definitions
// would have it.
func (t *Tree) readSettings() GatewaySettings {
	s := GatewaySettings{EnableJSVM: true, HashKeys: true}
	file := filepath.Join(t.Root, "tyk.conf")
	if _, err := os.Lstat(file); err == nil {
		s = t.parseSettings(file)
	}
	t.find(&s, "app_path", &s.AppPath)
	t.find(&s, "middleware_path", &s.MiddlewarePath)
	if s.JSVMTimeout <= 0 {
		s.JSVMTimeout = 5
	}
	if s.MiddlewarePath == "" {
		s.MiddlewarePath = "middleware"
	}
	if s.AppPath == "" {
		s.AppPath = "apps"
	}
	if s.Server.MaxBody <= 0 {
		s.Server.MaxBody = defaultMaxBody
	}
	return s
}

func (t *Tree) parseSettings(file string) (s GatewaySettings) {
	v, err := t.parse(file)
	if err != nil {
		return GatewaySettings{Err: err}
	}
	unknown, err := v.Decode(&s)
	s.Root = v
	if err != nil {
		s.Err = err
		return s
	}
	unknown = slices.DeleteFunc(unknown, func(m document.Member) bool { return m.Value.Empty() })
	s.Notes = settingRules.Notes(unknown, false)
	return s
}

// find replaces an absolute folder that is not on this machine: with the one
// in the tree that its last elements name, or with the usual one.
func (t *Tree) find(s *GatewaySettings, key string, dir *string) {
	if !filepath.IsAbs(*dir) || exists(*dir) {
		return
	}
	found, rest := "", strings.Split(filepath.ToSlash(filepath.Clean(*dir)), "/")
	for len(rest) > 1 && found == "" {
		rest = rest[1:]
		if inside := filepath.Join(rest...); exists(filepath.Join(t.Root, inside)) {
			found = inside
		}
	}
	text := "is of another machine: " + filepath.ToSlash(found) + " is read instead"
	if *dir = found; found == "" {
		text = "is of another machine: the usual folder is read instead"
	}
	s.Notes = append(s.Notes, document.Note{Pos: s.Root.Get(key).Pos, Path: key, Key: key, Text: text})
}

// What is said of settings that several rules share.
const (
	noCluster = "has no effect: the gateway is not part of a cluster"
	noManage  = "has no effect: there is no management API"
	ownLogs   = "has no effect: see the flags of `run` for logs"
	noTrack   = "has no effect: there are no analytics"
	notHere   = "is not supported; ignored"
)

// settingRules are the keys of tyk.conf, in lower case, that no field reads and
// that are worth a word.
var settingRules = document.Table{Unknown: "is not a setting that is known; ignored", Rules: document.Rules(settingKeys)}

var settingKeys = []document.Rule{
	{Text: noManage, Harmless: true, Keys: `
		secret node_secret enable_hashed_keys_listing control_api_hostname control_api_port
		allow_insecure_configs allow_explicit_policy_id security.control_api_use_mutual_tls
	`},
	{Keys: "storage", Text: "is not supported: sessions and counters are in memory, and begin with keys.json"},
	{Text: noCluster, Harmless: true, Keys: `
		enable_separate_cache_store cache_storage db_app_conf_options slave_options
		drl_notification_frequency drl_threshold suppress_redis_signal_reload
	`},
	{Keys: "use_db_app_configs", Text: "is not supported: definitions are read from apps"},
	{Text: notHere, Harmless: true, Keys: `
		liveness_check statsd_connection_string statsd_prefix newrelic opentelemetry tracing
		oauth_redirect_uri_separator event_trigers_defunct max_idle_connections
		max_idle_connections_per_host pid_file_location coprocess_options.python_path_prefix
		coprocess_options.python_version http_server_options.override_defaults
		http_server_options.server_name http_server_options.ssl_insecure_skip_verify health_check
		health_check_endpoint_name
	`},
	{Text: notHere, Keys: `
		uptime_tests enable_api_segregation monitor max_conn_time proxy_close_connections hostname
		security.certificates disable_ports_whitelist ports_whitelist enable_context_vars
	`},
	{
		Keys: "policies",
		Text: "is not supported: sessions in keys.json must have the limits of their policies themselves",
	},
	{Keys: "enforce_org_quotas", Text: "is not supported: quotas of organisations are not counted", Opens: true},
	{Text: noTrack, Harmless: true, Keys: `
		enforce_org_data_age enforce_org_data_detail_logging enable_analytics analytics_config
		enable_detailed_recording
	`},
	{Text: ownLogs, Harmless: true, Keys: `
		log_level log_format use_syslog use_sentry use_graylog use_logstash sentry_code
		graylog_network_addr logstash_network_addr syslog_network_addr
	`},
	{Text: "has no effect: counters are exact", Harmless: true, Keys: `
		enable_non_transactional_rate_limiter enable_redis_rolling_limiter enable_sentinel_rate_limiter
	`},
	{Keys: "close_connections", Text: "is not supported: connections are kept alive"},
	{Keys: "proxy_ssl_insecure_skip_verify", Text: "is not supported: certificates of upstreams are verified"},
	{Keys: "event_handlers", Text: "is not supported for the whole gateway: give each API its own"},
	{Keys: "template_path", Text: "has no effect: error replies have no templates", Harmless: true},
	{Keys: "hash_key_function", Text: "has no effect: keys are hashed by SHA-256", Harmless: true},
	{Keys: "proxy_default_timeout", Text: "is not supported: upstreams have 30 seconds to begin their answer"},
	{Keys: "enable_custom_domains", Text: "has no effect: domains always count", Harmless: true},
	{
		Keys: "coprocess_options.coprocess_grpc_server",
		Text: "is not supported: the external process is started by the gateway " +
			"and speaks over its standard input and output",
	},
	{
		Keys: "http_server_options.skip_target_path_escaping",
		Text: "is not needed: paths are passed on as they came", Harmless: true,
	},
	{Keys: "http_server_options.enable_websockets", Text: "has no effect: they are always passed on", Harmless: true},
	{Keys: "http_server_options.flush_interval", Text: "has no effect: replies are streamed", Harmless: true},
	{
		Keys: "http_server_options.min_version",
		Text: "is not supported: the gateway's own lowest version of TLS counts",
	},
	{Keys: "security.pinned_public_keys", Text: "is not supported: keys of upstreams are not compared", Opens: true},
	{Keys: "override_messages", Text: "is not supported: error replies have their usual words"},
}
