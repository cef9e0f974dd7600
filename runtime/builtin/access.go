package builtin

import (
	"slices"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// access turns away sessions that are no longer valid or do not open the API.
type access struct {
	base
	form    form
	version string // that the API is; empty if there is only one
	urls    expressions
}

func loadAccess(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	var cfg struct {
		Version string `json:"version"`
		Reply   string `json:"reply"`
	}
	if err := decode(s, &cfg, "version", "reply"); err != nil {
		return nil, err
	}
	f, err := r.formOf(cfg.Reply)
	return &access{form: f, version: cfg.Version}, err
}

// Declares implements [abi.Plugin].
func (*access) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.PostKeyAuth)}
}

// Why a session does not open an API.
var (
	apiForbidden = refusal{"api_forbidden", 403, "key does not open this api", abi.AuthFailure, "Attempted access to unauthorised API", ""}
	urlForbidden = refusal{"url_forbidden", 403, "key does not open this path", abi.AuthFailure, "Attempted access to unauthorised endpoint (Granular).", ""}
)

// Call implements [abi.Plugin]. A request without a session needs none: its
// API or its path is open to everyone. It does not allocate, unless the
// session limits its paths.
func (a *access) Call(x *abi.Exchange) (abi.Verdict, error) {
	s := x.Session
	if s == nil {
		return abi.Continue, nil
	}
	if r := validity(s); r != nil {
		return a.form.refuse(x, r, nil)
	}
	if len(s.AccessRights) == 0 {
		return abi.Continue, nil
	}
	rights, ok := s.AccessRights[x.API.ID]
	if !ok || a.version != "" && !slices.Contains(rights.Versions, a.version) {
		return a.form.refuse(x, &apiForbidden, nil)
	}
	if !a.mayUse(x, rights.AllowedURLs) {
		return a.form.refuse(x, &urlForbidden, nil)
	}
	return abi.Continue, nil
}

// mayUse reports whether one of the URLs is that of the request. An empty list
// stands for all; an expression that cannot be read stands for none.
func (a *access) mayUse(x *abi.Exchange, urls []abi.AllowedURL) bool {
	if len(urls) == 0 {
		return true
	}
	path := cleanPath(x)
	for _, u := range urls {
		if !slices.Contains(u.Methods, string(x.Request.Method)) {
			continue
		}
		if e := a.urls.get(u.URL); e != nil && urlpath.Match(e, path, x.API.ListenPath) {
			return true
		}
	}
	return false
}
