package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Admission says who may ask a server.
type Admission struct {
	// Token, if not empty, must be shown for everything but liveness and
	// readiness.
	Token string
	// Hosts are the names, besides addresses and localhost, that clients may
	// call the server by.
	Hosts []string
}

// Admit replaces the rules of admission. It may be called at any time.
func (s *Service) Admit(a Admission) { s.admit.Store(&a) }

// protect lets requests through to next that come from where they should.
//
// The listener usually has a private address, so the danger is a browser on the
// same machine that a foreign page makes ask: by a request of its own, which
// carries the page's Origin, or after pointing a name of its own at this
// address (DNS rebinding), which shows in Host. Both are refused. A token, if
// one is configured, is asked for as well. Liveness and readiness are told to
// everybody, since they reveal nothing and kubelets have no token.
func (s *Service) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.knowsHost(r):
			http.Error(w, "421: this name is not known here: use the address, or list the name in admin.hosts",
				http.StatusMisdirectedRequest)
		case !fromHere(r):
			http.Error(w, "403: requests of other sites' pages are refused", http.StatusForbidden)
		case !isProbe(r.URL.Path) && !s.hasToken(r):
			w.Header().Add("WWW-Authenticate", `Bearer realm="sallyport admin"`)
			w.Header().Add("WWW-Authenticate", `Basic realm="sallyport admin: the token is the password"`)
			http.Error(w, "401: a token is needed: Authorization: Bearer TOKEN", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// knowsHost reports whether Host names this server in a way that no foreign
// DNS zone can: by address, as localhost, or by a configured name. A unix
// socket is out of the reach of browsers.
func (s *Service) knowsHost(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return true
	}
	host := strings.ToLower(strings.TrimSuffix(hostname(r.Host), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.ContainsFunc(s.admit.Load().Hosts, func(name string) bool {
		return strings.EqualFold(name, host)
	})
}

// hostname returns a Host field without its port and brackets.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// fromHere reports whether the request does not come from a page of another
// origin (RFC 6454). Tools send no Origin, old browsers none with GET.
func fromHere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Method != http.MethodGet {
		return false
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return len(origins) == 1 && err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

func isProbe(path string) bool { return path == "/healthz" || path == "/readyz" }

// hasToken reports whether the request carries the token: as a bearer (RFC 6750
// section 2.1), or as the password of Basic (RFC 7617), which browsers ask for.
func (s *Service) hasToken(r *http.Request) bool {
	token := s.admit.Load().Token
	if token == "" {
		return true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Basic") {
		_, given, _ = r.BasicAuth()
	} else if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	got, want := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
