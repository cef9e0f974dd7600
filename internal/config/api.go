package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/output"
)

// APIConfig is one API of the file.
type APIConfig struct {
	Name  string
	Pos   Pos    // of its name
	ID    string // the name unless configured
	OrgID string

	Match    Match
	Upstream *UpstreamConfig // nil if plugins answer everything
	Hooks    Hooks
	Config   []byte // config_data as a JSON object; nil if there is none

	// Internal keeps requests from outside away: only those that a plugin
	// sends on from another API come here. Its id may be that of another API.
	Internal bool
	Tyk      bool            // compat: tyk; faults, order and replies are those of Tyk
	Exempt   []ExemptPattern // requests that need no key, access check or rate limit
}

// Match says which requests belong to an API.
type Match struct {
	Pos   Pos    // of its path
	Host  string // lower case, without port; empty: any
	Path  string // prefix
	Strip bool   // cut the prefix off before the upstream sees the path

	// KeepEncoded takes paths that servers read differently, too.
	KeepEncoded bool
}

// UpstreamConfig is where an API's requests go.
type UpstreamConfig struct {
	URL            Text // http or https; its query comes before that of the request
	Timeout        time.Duration
	ConnectTimeout time.Duration
	MaxConnections int  // 0 means no limit
	RewriteHost    bool // send the upstream's host instead of the client's
}

// Dispatches reports whether a built-in step sends every request on to another
// APIConfig, by its version.
func (a *APIConfig) Dispatches() bool {
	return slices.ContainsFunc(a.Hooks[abi.Pre], func(b Binding) bool {
		return b.Plugin.Runtime.Value == Builtin && b.Plugin.Entry.Value == "version"
	})
}

// Reach says for people how requests come to an API.
func (a *APIConfig) Reach() string {
	if a.Internal {
		return "(internal)"
	}
	return a.Match.Host + a.Match.Path
}

// Protection says for people which plugin decides who may use an API.
func (a *APIConfig) Protection() string {
	if a.Dispatches() {
		return "its versions decide"
	}
	exempt := ""
	if n := len(a.Exempt); n > 0 {
		exempt = ", not for " + output.Plural(n, "exempt path")
	}
	for _, b := range a.Hooks[abi.Auth] {
		return fmt.Sprintf("auth by %s (%s)%s", b.Plugin.Name, b.Plugin.Runtime.Value, exempt)
	}
	return "no auth plugin: open to everyone"
}

// taken remembers what must be unique among APIs, and where it stands.
type taken map[string]Pos

// claims are what APIs must not share.
type claims struct{ names, ids, routes taken }

// claim reports whether key was free, and where it was taken if not.
func (t taken) claim(key string, pos Pos) (Pos, bool) {
	if first, ok := t[key]; ok {
		return first, false
	}
	t[key] = pos
	return pos, true
}

func (f *fields) apis(c *Config) []*APIConfig {
	n := f.take("apis")
	if n == nil || !f.want(n, label("apis"), list) {
		return nil
	}
	var all []*APIConfig
	seen := claims{taken{}, taken{}, taken{}}
	for i, item := range n.items {
		m := f.fields(item, item.pos, apiLabel(item, i))
		a := m.api(c)
		m.unique(a, seen)
		all = append(all, a)
	}
	return all
}

// apiLabel is how messages name an API: by its name if it has one.
func apiLabel(n *node, i int) string {
	if e := n.find("name"); e != nil && e.value.kind == text {
		return "api " + quote(e.value.raw)
	}
	return fmt.Sprintf("api %d", i+1)
}

func (f *fields) api(c *Config) *APIConfig {
	defer f.done()
	name := f.need("name", "it appears in logs and metrics")
	if name.Value != "" {
		f.reader.name(name.Value, name.Pos, "api")
	}
	a := &APIConfig{
		Name:     name.Value,
		Pos:      name.Pos,
		ID:       f.text("id", name.Value).Value,
		OrgID:    f.text("org_id", "").Value,
		Internal: f.flag("internal", false),
		Tyk:      f.choice("compat", "native", "native", "tyk") == "tyk",
		Exempt:   f.exempt(),
	}
	a.Match = f.match(a.Internal)
	upstream := f.in("upstream")
	a.Hooks = f.hooks(c, a.Match.Path)
	a.Upstream = upstream.upstream()
	if a.Upstream == nil && upstream.absent() && !a.Hooks.answersAll(a.Match.Path) && !a.Dispatches() {
		f.missing("upstream", "add it, or bind a virtual plugin to the whole path")
	}
	a.Config = f.object("config")
	return a
}

func (f *fields) match(internal bool) Match {
	if !f.has("match") {
		f.missing("match", "write for example `match: { path: /orders/ }`")
	}
	m := f.in("match")
	defer m.done()
	path := m.routePath("path", !m.absent())
	out := Match{Pos: path.Pos, Path: path.Value, Strip: m.flag("strip", false)}
	out.KeepEncoded = m.choice("encoded", "refuse", "refuse", "keep") == "keep"
	if internal {
		m.refuse("does not apply to an internal api", "remove it: only other apis reach this one, by its name", "host")
		return out
	}
	out.Host = m.host()
	return out
}

// routePath returns a path as requests have it.
func (f *fields) routePath(key string, required bool) Text {
	if !f.has(key) && !required {
		return f.text(key, "")
	}
	t := f.need(key, "write `/` for every path")
	if t.Value == "" || validPath(t.Value) {
		return t
	}
	n := f.entry(key).value
	hint := "write it without query, fragment and spaces"
	if !strings.HasPrefix(t.Value, "/") {
		hint = "did you mean `/" + n.raw + "`?"
	}
	f.problemf(t.Pos, hint, "%s must be a path, not %s", label(key), quote(n.raw))
	t.Value = ""
	return t
}

func validPath(s string) bool {
	odd := func(c rune) bool { return c <= ' ' || c == 0x7f || c == '?' || c == '#' }
	return strings.HasPrefix(s, "/") && !strings.ContainsFunc(s, odd)
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// host returns the host of a match in lower case.
func (f *fields) host() string {
	t := f.text("host", "")
	if e := f.entry("host"); e != nil && e.value.kind == text && !validHost(t.Value) {
		f.problemf(t.Pos, hostHint(e.value.raw), "%s must be a host name, not %s", label("host"), quote(e.value.raw))
		return ""
	}
	return strings.ToLower(t.Value)
}

func hostHint(raw string) string {
	if u, err := url.Parse(raw); err == nil && validHost(u.Host) {
		return "did you mean `" + u.Host + "`?"
	}
	if name, port, ok := strings.Cut(raw, ":"); ok && validHost(name) && validPort(port) {
		return "leave the port out: `" + name + "`"
	}
	return "write a name like `api.example.com`, or remove the key for any host"
}

// validHost takes names and addresses, an IPv6 one in brackets.
func validHost(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		ip, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && ip.Is6() && ip.Zone() == "" && strings.HasSuffix(s, "]")
	}
	return hostName.MatchString(s)
}

// upstream returns nil if there is none.
func (f *fields) upstream() *UpstreamConfig {
	defer f.done()
	u := &UpstreamConfig{
		Timeout:        f.duration("timeout", 30*time.Second),
		ConnectTimeout: f.duration("connect_timeout", 5*time.Second),
		MaxConnections: f.count("max_connections", 0, 0),
		RewriteHost:    f.choice("host", "preserve", "preserve", "rewrite") == "rewrite",
	}
	if f.node == nil {
		f.take("url")
		return nil
	}
	u.URL = f.need("url", urlHint(""))
	if why := badURL(u.URL.Value); why != "" && u.URL.Value != "" {
		f.problemf(u.URL.Pos, urlHint(f.entry("url").value.raw), "%s %s", label("url"), why)
	}
	return u
}

func urlHint(raw string) string {
	if !strings.Contains(raw, "://") && badURL("http://"+raw) == "" {
		return "did you mean `http://" + raw + "`?"
	}
	return "write for example `http://127.0.0.1:9000`"
}

// badURL says why s cannot be the URL of an upstream; "" means that it can.
func badURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || strings.Contains(s, " "):
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must begin with http:// or https://"
	case !validHost(hostOf(u)) || u.Port() != "" && !validPort(u.Port()):
		return "names no host"
	case u.User != nil:
		return "must not hold credentials"
	case u.ForceQuery || !visible(u.RawQuery):
		return "has an empty query, or one that is not percent-encoded"
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return "must not have a fragment"
	}
	return ""
}

// visible reports whether s can stand in a request line.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// hostOf returns the host of u without its port, an IPv6 one in brackets.
func hostOf(u *url.URL) string {
	if strings.Contains(u.Hostname(), ":") {
		return "[" + u.Hostname() + "]"
	}
	return u.Hostname()
}

// unique reports what the API shares with one before it.
func (f *fields) unique(a *APIConfig, seen claims) {
	if first, ok := seen.names.claim(a.Name, a.Pos); !ok && a.Name != "" {
		f.problemf(a.Pos, "the first is on "+line(first), "api name %s is taken", quote(f.env.mask(a.Name)))
	}
	if a.Internal {
		return
	}
	if first, ok := seen.ids.claim(a.ID, a.Pos); !ok && a.ID != "" && seen.names[a.Name] == a.Pos {
		f.problemf(f.keyPos("id"), "the first is that of the api on "+line(first), "api id %s is taken",
			quote(f.env.mask(a.ID)))
	}
	if first, ok := seen.routes.claim(a.Match.Host+a.Match.Path, a.Match.Pos); !ok && a.Match.Path != "" {
		f.problemf(a.Match.Pos, "change its host or path", "this route is taken by the api on %s", line(first))
	}
}
