package tyk

import (
	"cmp"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/native"
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
		a.hooks.postKeyAuth = nil
	case len(check) > 0 && a.d.CustomAuth():
		a.customAuth(check[0])
	case a.d.CustomAuth():
		a.problemf(a.at("custom_middleware", "auth_check"), "custom authentication is enabled, and there is no auth_check hook")
	default:
		a.standardAuth(len(check) > 0)
	}
}

func (a *api) standardAuth(unused bool) {
	if unused {
		a.notef(a.at("custom_middleware", "auth_check"), "custom_middleware.auth_check", "does not run: none of custom_plugin_auth_enabled, enable_coprocess_auth and use_go_plugin_auth is set")
	}
	switch a.d.BaseIdentity {
	case "", byToken, byCustomAuth:
	default:
		a.notef(a.at("base_identity_provided_by"), "base_identity_provided_by", "%q is not supported: the session is that of the key", a.d.BaseIdentity)
	}
	a.report.Auth = "key"
	a.hooks.auth = a.keyAuth("use")
}

// customAuth lets the hook decide; with use_standard_auth, a key is needed
// besides, and one of the two provides the session.
func (a *api) customAuth(check string) {
	a.report.Auth, a.hooks.auth = "auth_check", check
	if len(a.d.VersionData.Versions) > 0 {
		a.noteIgnoredPaths()
	}
	a.noteLifetime()
	custom := a.d.BaseIdentity == "" || a.d.BaseIdentity == byCustomAuth
	if !a.d.UseStandardAuth {
		a.stripCustom()
		if !custom {
			a.problemf(a.at("base_identity_provided_by"), "base_identity_provided_by %q is not supported without use_standard_auth: no request would have a session", a.d.BaseIdentity)
		}
		return
	}
	a.report.Auth = "auth_check and key"
	session := "keep"
	if !custom {
		session = "use"
		if a.d.BaseIdentity != byToken {
			a.problemf(a.at("base_identity_provided_by"), "base_identity_provided_by %q is not supported", a.d.BaseIdentity)
		}
	}
	a.hooks.postKeyAuth = append(native.Short{a.keyAuth(session)}, a.hooks.postKeyAuth...)
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
		a.notef(t.Pos, "strip_auth_data", "is not supported for parameters and cookies of auth_check, only for its header field")
	}
	if !t.DisableHeader {
		fields := native.Short{cmp.Or(t.HeaderName, "Authorization")}
		a.hooks.postKeyAuth = append(a.hooks.postKeyAuth, a.builtin("strip", "transform", (&native.Mapping{}).Add("remove", fields)))
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
	header := cmp.Or(t.HeaderName, "Authorization")
	if t.DisableHeader {
		header = ""
	}
	config := (&native.Mapping{}).Add("header", header).
		AddIf(t.UseParam, "query", cmp.Or(t.ParamName, t.HeaderName, "Authorization")).
		AddIf(t.UseCookie, "cookie", cmp.Or(t.CookieName, t.HeaderName, "Authorization")).
		AddIf(a.d.StripAuthData, "strip", true).
		AddIf(session != "use", "session", session).
		Add("expiry", "later").Add("reply", "tyk")
	if header == "" && !t.UseParam && !t.UseCookie {
		a.problemf(t.Pos, "there is nowhere to look for the key: disable_header is set, and neither use_param nor use_cookie")
	}
	return a.builtin("key", "key-auth", config)
}

// access returns the step that looks at expiry and access rights.
func (a *api) access(v version) string {
	what := "access"
	if v.key != "" {
		what += "." + slug(v.key)
	}
	return a.builtin(what, "access", (&native.Mapping{}).AddIf(v.key != "", "version", v.key).Add("reply", "tyk"))
}

// rateLimit returns the step that counts requests, or "".
func (a *api) rateLimit() string {
	rate, quota := !a.d.DisableRateLimit, !a.d.DisableQuota
	if a.d.UseKeyless || !rate && !quota {
		return ""
	}
	config := (&native.Mapping{}).AddIf(!rate, "rate", false).AddIf(!quota, "quota", false).Add("reply", "tyk")
	return a.builtin("limit", "rate-limit", config)
}

// globalLimit refuses what bounds all requests of an API together.
func (a *api) globalLimit() {
	if g := a.d.GlobalRateLimit; !g.Disabled && g.Rate > 0 && !a.waives("global_rate_limit") {
		a.problemf(a.at("global_rate_limit"), "global_rate_limit is not supported; without it the API would let more through%s", waiveHint("global_rate_limit"))
	}
}
