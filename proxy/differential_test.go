package proxy_test

import (
	"bufio"
	encoding "encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// resolvers are upstreams of four kinds. Each answers with the path that it
// has understood, in hexadecimal, in the field X-Path.
func resolvers(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"go": serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Path", hexPath(path.Clean(r.URL.Path)))
		}),
		"tomcat-like": serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Path", hexPath(lenientPath(r.RequestURI)))
		}),
		"nginx": startNginx(t),
		"node":  startNode(t),
	}
}

func hexPath(p string) string { return encoding.EncodeToString([]byte(p)) }

// lenientPath resolves a target as lenient servlet containers have done: it
// cuts parameters off segments, decodes everything, even twice, takes a
// backslash for a slash and only then resolves dot segments.
func lenientPath(target string) string {
	raw, _, _ := strings.Cut(target, "?")
	for range 2 {
		raw = strings.NewReplacer("%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/", "%2e", ".", "%2E", ".", "%3b", ";", "%3B", ";").Replace(raw)
	}
	raw = strings.ReplaceAll(raw, `\`, "/")
	segments := strings.Split(raw, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	joined := strings.Join(segments, "/")
	if decoded, err := url.PathUnescape(joined); err == nil {
		joined = decoded
	}
	return path.Clean("/" + joined)
}

func startNginx(t *testing.T) string {
	t.Helper()
	return runNginx(t, `add_header X-Plain "$uri" always; return 204;`)
}

// runNginx runs nginx with what it does for every path.
func runNginx(t *testing.T, location string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			missing(t, "nginx", "apt install nginx")
		}
	}
	dir := t.TempDir()
	port := freePort(t)
	conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error;
events { worker_connections 64; }
http {
  access_log off; client_max_body_size 0; large_client_header_buffers 8 64k; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server { listen 127.0.0.1:%[2]d; location / { %[3]s } }
}`, dir, port, location)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-p", dir, "-c", filepath.Join(dir, "conf"))
	run(t, cmd)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return "http://" + addr
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("nginx does not listen")
	return ""
}

func startNode(t *testing.T) string {
	t.Helper()
	url, _ := runNode(t, "testdata/resolver.mjs")
	return url
}

// runNode runs a server that writes its port as the first line, and returns
// its further lines.
func runNode(t *testing.T, script string) (url string, lines *bufio.Reader) {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node", "apt install nodejs")
	}
	cmd := exec.Command(program, script)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	lines = bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(line), lines
}

// run starts a program that ends with the test.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// missing skips a test that needs a program, which continuous integration must
// have.
func missing(t *testing.T, program, install string) {
	t.Helper()
	if os.Getenv("SALLYPORT_CI") != "" {
		t.Fatalf("%s is missing: %s", program, install)
	}
	t.Skipf("%s is missing: %s", program, install)
}

func freePort(t *testing.T) int {
	t.Helper()
	ln := listen(t)
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

// pathLayout is a way to protect paths, and what an upstream must never see of
// a request without a key.
type pathLayout struct {
	name      string
	apis      func(t *testing.T, url string) []proxy.Route
	entries   []string // where requests begin that need no key
	secret    string   // the path, as understood by the upstream, that needs one
	protected *regexp.Regexp
}

// pathLayouts are the layouts of an installation in which a path is protected
// by auth, by a rule, by an exemption, by stripping and by a base path.
func pathLayouts() []pathLayout {
	denied := func(t *testing.T) plugin { return respond(abi.Auth, 401, "no key") }
	return []pathLayout{
		{
			"two APIs", func(t *testing.T, url string) []proxy.Route {
				return []proxy.Route{
					{Path: "/admin/", Chain: newChain(t, denied(t)), Upstream: newUpstream(t, upstream.Config{URL: url})},
					{Path: "/public/", Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url})},
					{Path: "/", Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url})},
				}
			}, []string{"/public/", "/public/a/", "/", "/other/"}, "admin/x", regexp.MustCompile(`^/admin(/|$)`),
		},
		{
			"a rule that blocks", func(t *testing.T, url string) []proxy.Route {
				rule := plugin{hook: abi.Pre, call: blockAdmin}
				return []proxy.Route{{Path: "/", Chain: newChain(t, rule), Upstream: newUpstream(t, upstream.Config{URL: url})}}
			}, []string{"/", "/public/", "/public/a/"}, "admin/x", regexp.MustCompile(`^/admin(/|$)`),
		},
		{
			"an exemption", func(t *testing.T, url string) []proxy.Route {
				return []proxy.Route{{Path: "/orders/", Chain: exempting(t, "^/static/"), Upstream: newUpstream(t, upstream.Config{URL: url})}}
			}, []string{"/orders/static/", "/orders/static/a/"}, "orders/items", regexp.MustCompile(`^/orders(/items|/?$)`),
		},
		{
			"stripping onto a base path", func(t *testing.T, url string) []proxy.Route {
				return []proxy.Route{{Path: "/orders/", Strip: true, Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url + "/v1/public"})}}
			}, []string{"/orders/", "/orders/a/"}, "secret", regexp.MustCompile(`^/(v1/)?secret|^/orders|^/$|^/v1/?$`),
		},
		{
			"a base path", func(t *testing.T, url string) []proxy.Route {
				return []proxy.Route{{Path: "/", Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url + "/public"})}}
			}, []string{"/", "/a/"}, "secret", regexp.MustCompile(`^/secret|^/$`),
		},
	}
}

// blockAdmin answers 403 for paths at and below /admin, as a rule that sees
// the request's own path would.
func blockAdmin(x *abi.Exchange) (abi.Verdict, error) {
	if p := lowestPath(x.Request.URI); p == "/admin" || strings.HasPrefix(p, "/admin/") {
		return abi.Respond, x.Answer(403, nil)
	}
	return abi.Continue, nil
}

// lowestPath is the plain reading of a path: decoded once, with dot segments
// resolved.
func lowestPath(uri []byte) string {
	raw, _, _ := strings.Cut(string(uri), "?")
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	return path.Clean(decoded)
}

// exempting returns a chain that asks for a key but for some paths.
func exempting(t *testing.T, pattern string) *chain.Chain {
	t.Helper()
	p := respond(abi.Auth, 401, "no key")
	cfg := chain.Config{
		API:    &abi.API{Name: "orders", ListenPath: "/orders/"},
		Exempt: []chain.Pattern{{Path: regexp.MustCompile(pattern)}},
	}
	cfg.Steps[abi.Auth] = []*chain.Step{{Name: "keys", Plugin: &fake{call: p.call, declares: abi.Declaration{Hooks: abi.SetOf(abi.Auth)}}, Exemptable: true}}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// spellings returns paths that might be understood as one that leads from an
// entry up to the secret path.
func spellings(entry, secret string) (all []string) {
	up := []string{
		"..", "%2e%2e", "%2E.", ".%2e", "..;", "..;a=b", "%2e%2e;", "..%3b", ".;/..", "..%00", "..%20", "%c0%ae%c0%ae", "%252e%252e", "..%2e", "...", "..\\", "..%5c", ".", ".;", "",
	}
	separators := []string{"/", "//", "%2f", "%2F", "\\", "%5c", "%5C", "/./", "/;/", ";/", "%252f", "%c0%af", "/%2e/"}
	depth := strings.Count(entry, "/")
	for _, u := range up {
		for _, s := range separators {
			for n := 1; n <= depth+1; n++ {
				all = append(all, entry+strings.Repeat(u+s, n)+secret)
			}
		}
	}
	for _, s := range separators {
		all = append(all, s+secret, "/"+s+secret, s+s+secret, "/x/.."+s+secret, "/"+strings.ReplaceAll(secret, "/", s))
	}
	all = append(all, "/%61dmin/x", "/adm%69n/x", "/ADMIN/x", "/admin;a=b/x", "/admin%3b/x", "/;/admin/x", "/.//admin/x", "/admin/.", "/admin%20/x")
	return all
}

// TestNobodySeesAnotherPathThanTheOneAuthorised sends spellings of paths
// through every layout to every kind of upstream. A request without a key may
// be refused, or reach the upstream as a path that needs none.
func TestNobodySeesAnotherPathThanTheOneAuthorised(t *testing.T) {
	upstreams := resolvers(t)
	asked, passed := 0, 0
	for _, l := range pathLayouts() {
		for kind, url := range upstreams {
			g := start(t, proxy.Config{}, l.apis(t, url)...)
			var p *peer
			for _, entry := range l.entries {
				for _, target := range spellings(entry, l.secret) {
					if target[0] != '/' {
						target = "/" + target
					}
					asked++
					if p == nil {
						p = connect(t, g.addr)
					}
					p.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n")
					a, err := p.tryReceive("GET")
					if err != nil {
						t.Fatalf("%s, %s: %s: %v", l.name, kind, target, err)
					}
					if len(linesWith(a.head, "Connection: close")) > 0 {
						p.Close()
						p = nil
					}
					understood, ok := understoodPath(t, a)
					if !ok {
						continue
					}
					passed++
					if l.protected.MatchString(understood) {
						t.Errorf("%s: %s reached %s as %s", l.name, target, kind, understood)
					}
				}
			}
		}
	}
	t.Logf("%d requests, %d of which reached an upstream", asked, passed)
	if asked < 1000*len(upstreams) || passed < asked/20 {
		t.Errorf("%d requests and %d answers are too few to mean anything", asked, passed)
	}
}

// understoodPath returns the path that the upstream has understood, if the
// answer is the upstream's.
func understoodPath(t *testing.T, a answer) (p string, ok bool) {
	t.Helper()
	if lines := linesWith(a.head, "X-Path: "); len(lines) > 0 {
		b, err := encoding.DecodeString(strings.TrimPrefix(lines[0], "X-Path: "))
		if err != nil {
			t.Fatal(err)
		}
		return string(b), true
	}
	if lines := linesWith(a.head, "X-Plain: "); len(lines) > 0 {
		return strings.TrimPrefix(lines[0], "X-Plain: "), true
	}
	return "", false
}
