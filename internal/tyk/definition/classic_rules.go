package definition

import "github.com/c386954a/sallyport/internal/tyk/document"

// classicRules are the keys of a classic definition, in lower case.
var classicRules = document.Table{
	Rules: classicKeys,
	Inner: map[string]map[string]document.Rule{
		"version_data.versions": versionKeys, "auth": tokenKeys, "auth_configs": tokenKeys,
	},
}

// classicKeys are the keys outside of versions and tokens.
var classicKeys = document.Rules([]document.Rule{
	{Text: otherAuth, Opens: true, Protected: true, Keys: `
		use_oauth2 use_openid use_basic_auth enable_jwt enable_signature_checking
	`},
	{Keys: "external_oauth", Text: otherAuth, Opens: true, Protected: true, Flag: "enabled"},
	{Keys: "use_mutual_tls_auth", Text: otherAuth, Opens: true},
	{Keys: "enable_ip_whitelisting enable_ip_blacklisting", Text: moreOpen, Opens: true},
	{Keys: "upstream_auth", Text: notDone, Flag: "enabled"},
	{Keys: "openid_options", Text: "belongs to use_openid", Harmless: true},
	{Keys: "oauth_meta", Text: "belongs to use_oauth2", Harmless: true},
	{Keys: "basic_auth", Text: "belongs to use_basic_auth", Harmless: true},
	{Keys: "client_certificates", Text: "belongs to use_mutual_tls_auth", Harmless: true},
	{Keys: "allowed_ips", Text: "belongs to enable_ip_whitelisting", Harmless: true},
	{Keys: "blacklisted_ips", Text: "belongs to enable_ip_blacklisting", Harmless: true},
	{Text: "belongs to enable_jwt", Harmless: true, Keys: `
		jwt_signing_method jwt_source jwt_jwks_uris jwt_identity_base_field jwt_client_base_field
		jwt_policy_field_name jwt_default_policies jwt_issued_at_validation_skew
		jwt_expires_at_validation_skew jwt_not_before_validation_skew jwt_disable_issued_at_validation
		jwt_disable_expires_at_validation jwt_disable_not_before_validation jwt_skip_kid
		jwt_scope_to_policy_mapping jwt_scope_claim_name idp_client_id_mapping_disabled scopes
	`},
	{
		Keys: "hmac_allowed_clock_skew hmac_allowed_algorithms",
		Text: "belongs to enable_signature_checking", Harmless: true,
	},
	{Keys: "upstream_certificates", Text: "is not supported: the upstream sees no client certificate"},
	{Keys: "pinned_public_keys", Text: "is not supported: the upstream's key is not compared", Opens: true},
	{Keys: "request_signing", Text: "is not supported: requests go to the upstream unsigned", Flag: "is_enabled"},
	{
		Keys: "certificates",
		Text: "is not supported: certificates of the listener are set by `tls` for the whole gateway",
	},
	{Text: notDone, Keys: `
		enable_proxy_protocol error_overrides proxy.check_host_against_uptime_tests
		proxy.transport.ssl_ciphers proxy.transport.ssl_min_version proxy.transport.ssl_max_version
	`},
	{
		Keys: "cors",
		Text: "is not supported: replies have no CORS fields, and preflight requests are treated as any other",
		Flag: "enable",
	},
	{Keys: "cache_options", Text: "is not supported: every request goes to the upstream", Flag: "enable_cache"},
	{Keys: "uptime_tests", Text: "is not supported: the upstream is not probed"},
	{
		Keys: "graphql",
		Text: "is not supported: requests are passed on as they are, unchecked", Flag: "enabled", Opens: true,
	},
	{Keys: "enable_batch_request_support", Text: "is not supported: there is no batch path"},
	{
		Keys: "response_processors",
		Text: "is read from the lists of header fields; other processors are not supported",
	},
	{Text: "is not supported: all requests go to target_url", Keys: `
		proxy.enable_load_balancing proxy.target_list proxy.structured_target_list
	`},
	{
		Keys: "proxy.service_discovery",
		Text: "is not supported: all requests go to target_url", Flag: "use_discovery_service",
	},
	{
		Keys: "proxy.transport.ssl_force_common_name_check",
		Text: "is not supported: the common name of the upstream's certificate is not compared", Opens: true,
	},
	{Keys: "definition.enabled", Text: "is read from version_data", Harmless: true},
	{Text: "is used between versions of OAS APIs, which are not supported", Keys: `
		definition.name definition.default definition.base_id definition.versions
	`},
	{Keys: "custom_middleware.traffic_logs enable_detailed_recording", Text: notAnalyse},
	{Text: noEffect, Harmless: true, Keys: `
		id slug version_name is_oas is_site auth_provider session_provider notifications tags_disabled
		dont_set_quota_on_create upstream_certificates_disabled certificate_pinning_disabled
	`},
	{Keys: "tags", Text: "has no effect here: the gateway is not one of several segments"},
	{Text: notAnalyse, Harmless: true, Keys: `
		tag_headers do_not_track expire_analytics_after detailed_tracing
	`},
	{Keys: "analytics_plugin", Text: notAnalyse, Flag: "enable"},
	{Keys: "expiration", Text: "is not supported: the API does not expire", Opens: true},
})

// versionKeys are the keys of a version.
var versionKeys = document.Rules([]document.Rule{
	{Keys: "global_headers_disabled", Text: noEffect, Harmless: true},
	{
		Keys: "extended_paths.cache extended_paths.advance_cache_config",
		Text: "is not supported: every request goes to the upstream",
	},
	{
		Keys: "extended_paths.transform extended_paths.transform_jq",
		Text: "is not supported: request bodies are not rewritten",
	},
	{Text: "is not supported: reply bodies are not rewritten", Keys: `
		extended_paths.transform_response extended_paths.transform_jq_response
	`},
	{Text: "is not supported at single endpoints, only for a whole version", Keys: `
		extended_paths.transform_headers extended_paths.transform_response_headers
	`},
	{Keys: "extended_paths.hard_timeouts", Text: "is not supported: the upstream has the same time everywhere"},
	{Text: notDone, Keys: `
		extended_paths.circuit_breakers extended_paths.persist_graphql
	`},
	{Keys: "extended_paths.url_rewrites", Text: "is not supported: paths are not rewritten"},
	{Keys: "extended_paths.method_transforms", Text: "is not supported: methods are not changed"},
	{Text: notAnalyse, Harmless: true, Keys: `
		extended_paths.track_endpoints extended_paths.do_not_track_endpoints
	`},
	{
		Keys: "extended_paths.mock_response",
		Text: "is not supported: the requests would reach the upstream", Opens: true,
	},
	{Text: moreOpen, Opens: true, Keys: `
		extended_paths.size_limits extended_paths.validate_json extended_paths.validate_request
		extended_paths.internal extended_paths.go_plugin extended_paths.rate_limit
	`},
})

// tokenKeys are the keys of what says where a request carries its key.
var tokenKeys = document.Rules([]document.Rule{
	{Keys: "use_certificate", Text: otherAuth, Opens: true, Protected: true},
	{Keys: "validate_signature", Text: moreOpen, Opens: true, Protected: true},
	{Keys: "signature", Text: "belongs to validate_signature", Harmless: true},
})
