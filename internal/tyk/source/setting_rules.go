package source

import (
	"github.com/c386954a/sallyport/internal/tyk/document"
)

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
