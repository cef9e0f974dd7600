package tyk

import (
	"cmp"

	"github.com/c386954a/sallyport/internal/tyk/definition"
)

// Who may provide the session of a request, in base_identity_provided_by.
const (
	byCustomAuth = "custom_auth"
	byToken      = "auth_token"
)

// auth decides who may come in: everyone, a key, the auth_check hook, or both.
func (a *api) auth() {
	check := a.code.plugins["auth_check"]
	switch {
	case a.d.UseKeyless:
		a.report.Auth = "none: open to everyone"
		if len(a.code.hooks["auth_check"]) > 0 {
			a.notef(a.at("custom_middleware", "auth_check"), "custom_middleware.auth_check", "does not run: the API is keyless")
		}
		a.hooks.PostKeyAuth = nil
	case len(check) > 0 && a.d.CustomAuth():
		a.customAuth(check[0])
	case a.d.CustomAuth():
		a.problemf(
			a.at("custom_middleware", "auth_check"), "custom authentication is enabled, and there is no auth_check hook",
		)
	default:
		a.standardAuth(len(check) > 0)
	}
}

func (a *api) standardAuth(unused bool) {
	if unused {
		a.notef(
			a.at("custom_middleware", "auth_check"), "custom_middleware.auth_check",
			"does not run: none of custom_plugin_auth_enabled, enable_coprocess_auth and use_go_plugin_auth is set",
		)
	}
	switch a.d.BaseIdentity {
	case "", byToken, byCustomAuth:
	default:
		a.notef(
			a.at("base_identity_provided_by"), "base_identity_provided_by",
			"%q is not supported: the session is that of the key", a.d.BaseIdentity,
		)
	}
	a.report.Auth = "key"
	a.hooks.Auth = a.keyAuth("")
}

// customAuth lets the hook decide; with use_standard_auth, a key is needed
// besides, and one of the two provides the session.
func (a *api) customAuth(check string) {
	a.report.Auth, a.hooks.Auth = "auth_check", check
	if len(a.d.VersionData.Versions) > 0 {
		a.noteIgnoredPaths()
	}
	a.noteLifetime()
	custom := a.d.BaseIdentity == "" || a.d.BaseIdentity == byCustomAuth
	if !a.d.UseStandardAuth {
		a.stripCustom()
		if !custom {
			a.problemf(
				a.at("base_identity_provided_by"),
				"base_identity_provided_by %q is not supported without use_standard_auth: no request would have a session",
				a.d.BaseIdentity,
			)
		}
		return
	}
	a.report.Auth = "auth_check and key"
	session := "keep"
	if !custom {
		session = "" // that of the key
		if a.d.BaseIdentity != byToken {
			a.problemf(a.at("base_identity_provided_by"), "base_identity_provided_by %q is not supported", a.d.BaseIdentity)
		}
	}
	a.hooks.PostKeyAuth = append([]string{a.keyAuth(session)}, a.hooks.PostKeyAuth...)
}

// stripCustom takes what auth_check looked at out of the request. The step is
// the last of post_key_auth, whose scripts still see it.
func (a *api) stripCustom() {
	t := a.d.AuthConfigs[definition.AuthCoprocess]
	if t.HeaderName == "" {
		t = a.d.Token()
	}
	if !a.d.StripAuthData {
		return
	}
	if t.UseParam || t.UseCookie {
		a.notef(
			t.Pos, "strip_auth_data", "is not supported for parameters and cookies of auth_check, only for its header field",
		)
	}
	if !t.DisableHeader {
		fields := []string{cmp.Or(t.HeaderName, "Authorization")}
		a.hooks.PostKeyAuth = append(a.hooks.PostKeyAuth, a.builtin("strip", "transform", transformStep{Remove: fields}))
	}
}

// noteLifetime says that sessions live until they expire.
func (a *api) noteLifetime() {
	if a.d.SessionLifetime > 0 {
		a.notef(a.at("session_lifetime"), "session_lifetime", "is not supported: sessions are kept until they expire")
	}
}

// noteIgnoredPaths says what surprises: scripts check ignored paths, too.
func (a *api) noteIgnoredPaths() {
	for key, v := range a.d.VersionData.Versions {
		if a.code.runtime != runtimeProcess && (len(v.Paths.Ignored) > 0 || len(v.ExtendedPaths.Ignored) > 0) {
			a.notef(v.Pos, "version_data.versions."+key, "has ignored paths; auth_check runs there all the same, as in Tyk")
		}
	}
}

// keyAuth returns the step that looks a key up. Expiry is for access, which
// comes after the scripts of post_key_auth.
func (a *api) keyAuth(session string) string {
	t := a.d.Token()
	config := keyAuthStep{
		Header: cmp.Or(t.HeaderName, "Authorization"), Strip: a.d.StripAuthData, Session: session,
		Expiry: "later", Reply: "tyk",
	}
	if t.DisableHeader {
		config.Header = ""
	}
	if t.UseParam {
		config.Query = cmp.Or(t.ParamName, t.HeaderName, "Authorization")
	}
	if t.UseCookie {
		config.Cookie = cmp.Or(t.CookieName, t.HeaderName, "Authorization")
	}
	if config.Header == "" && !t.UseParam && !t.UseCookie {
		a.problemf(t.Pos, "there is nowhere to look for the key: disable_header is set, and neither use_param nor use_cookie")
	}
	return a.builtin("key", "key-auth", config)
}

// access returns the step that looks at expiry and access rights.
func (a *api) access(v apiVersion) string {
	what := "access"
	if v.key != "" {
		what += "." + slug(v.key)
	}
	return a.builtin(what, "access", accessStep{Version: v.key, Reply: "tyk"})
}

// rateLimit returns the step that counts requests, or "".
func (a *api) rateLimit() string {
	if a.d.UseKeyless || a.d.DisableRateLimit && a.d.DisableQuota {
		return ""
	}
	config := rateLimitStep{Reply: "tyk"}
	if a.d.DisableRateLimit {
		config.Rate = new(bool)
	}
	if a.d.DisableQuota {
		config.Quota = new(bool)
	}
	return a.builtin("limit", "rate-limit", config)
}

// globalLimit refuses what bounds all requests of an API together.
func (a *api) globalLimit() {
	if g := a.d.GlobalRateLimit; !g.Disabled && g.Rate > 0 && !a.waives("global_rate_limit") {
		a.problemf(
			a.at("global_rate_limit"), "global_rate_limit is not supported; without it the API would let more through%s",
			waiveHint("global_rate_limit"),
		)
	}
}
