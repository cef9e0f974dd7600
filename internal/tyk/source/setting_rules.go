package source

import (
	"strings"

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

// settingRules are the keys of tyk.conf, in lower case, of which something is
// worth saying. An "!" marks those without which more would get in, a "." those
// that no request can tell.
func settingRules() map[string]string {
	return map[string]string{
		"secret": "." + noManage, "node_secret": "." + noManage, "enable_hashed_keys_listing": "." + noManage,
		"control_api_hostname": "." + noManage, "control_api_port": "." + noManage,
		"storage": "is not supported: sessions and counters are in memory, and begin with keys.json", "enable_separate_cache_store": "." + noCluster,
		"cache_storage": "." + noCluster, "use_db_app_configs": "is not supported: definitions are read from apps",
		"db_app_conf_options": "." + noCluster, "slave_options": "." + noCluster, "liveness_check": "." + notHere, "uptime_tests": notHere,
		"policies":                        "is not supported: sessions in keys.json must have the limits of their policies themselves",
		"enforce_org_quotas":              "!is not supported: quotas of organisations are not counted",
		"enforce_org_data_age":            "." + noTrack,
		"enforce_org_data_detail_logging": "." + noTrack,
		"enable_analytics":                "." + noTrack, "analytics_config": "." + noTrack, "enable_detailed_recording": "." + noTrack,
		"log_level": "." + ownLogs, "log_format": "." + ownLogs, "use_syslog": "." + ownLogs, "use_sentry": "." + ownLogs, "use_graylog": "." + ownLogs, "use_logstash": "." + ownLogs,
		"sentry_code": "." + ownLogs, "graylog_network_addr": "." + ownLogs, "logstash_network_addr": "." + ownLogs, "syslog_network_addr": "." + ownLogs,
		"statsd_connection_string": "." + notHere, "statsd_prefix": "." + notHere, "newrelic": "." + notHere, "opentelemetry": "." + notHere, "tracing": "." + notHere,
		"template_path": "." + "has no effect: error replies have no templates", "oauth_redirect_uri_separator": "." + notHere,
		"enable_api_segregation": notHere, "enable_non_transactional_rate_limiter": ".has no effect: counters are exact", "enable_redis_rolling_limiter": ".has no effect: counters are exact",
		"enable_sentinel_rate_limiter": ".has no effect: counters are exact", "drl_notification_frequency": "." + noCluster, "drl_threshold": "." + noCluster,
		"close_connections":              "is not supported: connections are kept alive",
		"proxy_ssl_insecure_skip_verify": "is not supported: certificates of upstreams are verified",
		"event_handlers":                 "is not supported for the whole gateway: give each API its own", "event_trigers_defunct": "." + notHere,
		"monitor": notHere, "hash_key_function": ".has no effect: keys are hashed by SHA-256", "max_idle_connections": "." + notHere, "max_idle_connections_per_host": "." + notHere,
		"max_conn_time": notHere, "proxy_default_timeout": "is not supported: upstreams have 30 seconds to begin their answer", "proxy_close_connections": notHere,
		"pid_file_location": "." + notHere, "hostname": notHere, "enable_custom_domains": ".has no effect: domains always count", "suppress_redis_signal_reload": "." + noCluster,
		"allow_insecure_configs": "." + noManage, "allow_explicit_policy_id": "." + noManage, "coprocess_options.coprocess_grpc_server": "is not supported: the external process is started by the gateway and speaks over its standard input and output",
		"coprocess_options.python_path_prefix": "." + notHere, "coprocess_options.python_version": "." + notHere,
		"http_server_options.skip_url_cleaning": "is not needed: paths are passed on as they came", "http_server_options.skip_target_path_escaping": ".is not needed: paths are passed on as they came",
		"http_server_options.enable_websockets": ".has no effect: they are always passed on", "http_server_options.override_defaults": "." + notHere,
		"http_server_options.flush_interval": ".has no effect: replies are streamed", "http_server_options.server_name": "." + notHere,
		"http_server_options.min_version": "is not supported: the gateway's own lowest version of TLS counts", "http_server_options.ssl_insecure_skip_verify": "." + notHere,
		"security.control_api_use_mutual_tls": "." + noManage, "security.certificates": notHere, "security.pinned_public_keys": "!is not supported: keys of upstreams are not compared",
		"disable_ports_whitelist": notHere, "ports_whitelist": notHere, "health_check": "." + notHere, "health_check_endpoint_name": "." + notHere,
		"enable_context_vars": notHere, "override_messages": "is not supported: error replies have their usual words",
	}
}

// settingNotes says of each key that is not read what becomes of it.
func settingNotes(unknown []document.Member) []document.Note {
	rules := settingRules()
	var out []document.Note
	for _, m := range unknown {
		if m.Value.Empty() {
			continue
		}
		n := document.Note{Pos: m.Pos, Path: m.Value.Path, Key: m.Key, Text: "is not a setting that is known; ignored"}
		if text, ok := rules[strings.ToLower(m.Value.Path)]; ok {
			n.Opens, n.Harmless = text[0] == '!', text[0] == '.'
			n.Text = strings.TrimLeft(text, "!.")
		}
		out = append(out, n)
	}
	return out
}
