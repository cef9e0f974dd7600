package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
)

// installation is an App whose configuration is written anew for each reload.
type installation struct {
	*app.App

	dir      string
	upstream string
	ls       app.Listeners
	client   http.Client
	stop     context.CancelFunc
	served   chan error
}

// install starts an App from a text in which UPSTREAM and DIR stand for those
// of the test.
func install(t testing.TB, text string, files map[string]string) *installation {
	t.Helper()
	in := &installation{dir: t.TempDir(), served: make(chan error, 1)}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-For"))
	}))
	t.Cleanup(upstream.Close)
	in.upstream = upstream.URL
	for name, content := range files {
		in.write(t, name, content)
	}
	cfg, err := in.parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if in.ls, err = app.Listen(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if in.App, err = app.New(t.Context(), cfg, app.Options{}); err != nil {
		t.Fatal(err)
	}
	in.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} //nolint:gosec // its own certificate
	ctx, cancel := context.WithCancel(context.Background())
	in.stop = cancel
	go func() { in.served <- in.Run(ctx, in.ls) }()
	t.Cleanup(func() {
		cancel()
		if err := <-in.served; err != nil {
			t.Errorf("Run() = %v", err)
		}
		in.served <- nil
	})
	return in
}

func (in *installation) write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(in.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (in *installation) parse(text string) (*config.Config, error) {
	text = strings.NewReplacer("UPSTREAM", in.upstream, "DIR", in.dir).Replace("version: 1\n" + text)
	return config.Parse(filepath.Join(in.dir, "sallyport.yaml"), []byte(text), nil)
}

// reload reloads the text and drains what was before.
func (in *installation) reload(t *testing.T, text string) error {
	t.Helper()
	cfg, err := in.parse(text)
	if err != nil {
		t.Fatal(err)
	}
	old, err := in.Reload(t.Context(), cfg)
	if err != nil {
		return err
	}
	return old.Drain(t.Context())
}

// status returns the status of a request with some fields, NAME and value in
// turn.
func (in *installation) status(t *testing.T, url string, fields ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	reply, err := in.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	return reply.StatusCode
}

const keyed = `listen: "127.0.0.1:0"
store: { keys: keys.json }
plugins: { keys: { runtime: builtin, entry: key-auth }, limit: { runtime: builtin, entry: rate-limit } }
apis: [{ name: a, match: { path: / }, upstream: { url: UPSTREAM }, hooks: { auth: keys, rate_limit: limit } }]
`

func TestAReloadAppliesTheKeyFile(t *testing.T) {
	in := install(t, keyed, map[string]string{"keys.json": `[
		{"key": "stays", "session": {"rate": 3, "per": 3600}}, {"key": "goes", "session": {}}]`})
	url := "http://" + in.ls.Public.Addr().String()
	ask := func(key string) int { return in.status(t, url, "Authorization", key) }
	for key, want := range map[string]int{"stays": 200, "goes": 200, "comes": 403} {
		if got := ask(key); got != want {
			t.Fatalf("key %s gets %d, want %d", key, got, want)
		}
	}
	in.write(t, "keys.json", `[{"key": "stays", "session": {"rate": 3, "per": 3600}}, {"key": "comes", "session": {}}]`)
	if err := in.reload(t, keyed); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{"stays": 200, "goes": 403, "comes": 200} {
		if got := ask(key); got != want {
			t.Errorf("after the reload, key %s gets %d, want %d", key, got, want)
		}
	}
	if a, b := ask("stays"), ask("stays"); a != 200 || b != 429 {
		t.Errorf("the third and fourth request get %d and %d: the counter began anew", a, b)
	}
	in.write(t, "keys.json", `[{"key": "other", "session": {}}, {"key": 7}]`)
	if err := in.reload(t, keyed); err == nil || !strings.Contains(err.Error(), "keys.json: entry 2") {
		t.Errorf("Reload() of a broken key file = %v, want an error that names file and entry", err)
	}
	if got := ask("comes"); got != 200 {
		t.Errorf("after the refused reload, a key gets %d, want 200", got)
	}
	if got := ask("other"); got != 403 {
		t.Errorf("a key of the refused file gets %d, want 403", got)
	}
}

func TestCountsGoOnOverAReload(t *testing.T) {
	in := install(t, keyed, map[string]string{"keys.json": `[{"key": "k", "session": {}}]`})
	url := "http://" + in.ls.Public.Addr().String()
	calls := func() (n uint64) {
		for _, c := range in.Generation().Chains() {
			for s := range c.Steps() {
				snapshot := s.Stats().Snapshot()
				n += snapshot.Calls
			}
		}
		return n
	}
	in.status(t, url, "Authorization", "k")
	if got := calls(); got != 2 {
		t.Fatalf("%d calls, want 2", got)
	}
	if err := in.reload(t, keyed); err != nil {
		t.Fatal(err)
	}
	in.status(t, url, "Authorization", "k")
	if got := calls(); got != 4 {
		t.Errorf("%d calls after a reload and one more request, want 4", got)
	}
}

func TestAReloadNamesWhatOnlyARestartChanges(t *testing.T) {
	const base = `listen: "127.0.0.1:0"
admin: { listen: "127.0.0.1:0" }
limits: { header: 16KiB }
`
	in := install(t, base, nil)
	for _, tt := range []struct{ name, text, want string }{
		{"port", strings.Replace(base, "127.0.0.1:0", "127.0.0.1:1", 1), "2:9: `listen` cannot be changed by a reload"},
		{"admin port", strings.Replace(base, `admin: { listen: "127.0.0.1:0"`, `admin: { listen: "127.0.0.1:1"`, 1), "3:18: `admin.listen` cannot be changed"},
		{"admin off", strings.Replace(base, `admin: { listen: "127.0.0.1:0" }`, "", 1), "`admin`, on or off, cannot be changed"},
		{"header", strings.Replace(base, "16KiB", "32KiB", 1), "`limits.header` cannot be changed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := in.reload(t, tt.text)
			if _, ok := errors.AsType[config.Problems](err); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Reload() = %v, want a problem with %q", err, tt.want)
			}
			if in.Generation().Number() != 1 {
				t.Error("a refused reload made a generation")
			}
		})
	}
}

func TestAReloadAppliesLimitsProxiesAndAdmission(t *testing.T) {
	const before = `listen: "127.0.0.1:0"
admin: { listen: "127.0.0.1:0" }
apis: [{ name: a, match: { path: / }, upstream: { url: UPSTREAM } }]
`
	after := strings.Replace(before, `:0" }`, `:0", token: 0123456789abcdef }
trusted_proxies: 127.0.0.1
limits: { uri: 300 }`, 1)
	in := install(t, before, nil)
	public, private := "http://"+in.ls.Public.Addr().String(), "http://"+in.ls.Admin.Addr().String()
	long := public + "/" + strings.Repeat("x", 400)
	check := func(when string, uri, status int, forwarded string) {
		t.Helper()
		if got := in.status(t, long); got != uri {
			t.Errorf("%s: a long target gets %d, want %d", when, got, uri)
		}
		if got := in.status(t, private+"/status"); got != status {
			t.Errorf("%s: /status gets %d, want %d", when, got, status)
		}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, public, nil)
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		reply, err := in.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		if got, _ := io.ReadAll(reply.Body); string(got) != forwarded {
			t.Errorf("%s: upstream got %q, want %q", when, got, forwarded)
		}
	}
	check("before", 200, 200, "127.0.0.1")
	if err := in.reload(t, after); err != nil {
		t.Fatal(err)
	}
	check("after", 414, 401, "192.0.2.1, 127.0.0.1")
}

func TestAReloadAppliesCertificates(t *testing.T) {
	const text = `listen: "127.0.0.1:0"
tls: { cert: cert.pem, key: key.pem }
`
	cert, key := certificate(t, 1)
	in := install(t, text, map[string]string{"cert.pem": cert, "key.pem": key})
	serial := func() int64 {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its own certificate
		c, err := d.DialContext(t.Context(), "tcp", in.ls.Public.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Fatalf("certificate %d, want 1", got)
	}
	cert, key = certificate(t, 2)
	in.write(t, "cert.pem", cert)
	if err := in.reload(t, text); err == nil {
		t.Error("Reload() takes a certificate that does not fit its key")
	}
	if got := serial(); got != 1 {
		t.Errorf("certificate %d after a refused reload, want 1", got)
	}
	in.write(t, "key.pem", key)
	if err := in.reload(t, text); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("certificate %d, want 2", got)
	}
}

// certificate returns a certificate for one test and its key, as PEM.
func certificate(t *testing.T, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "gateway"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// A generation that was replaced lives until its requests end, and what a
// reload has replaced is cut off when its time is up, not before.
func TestRetiringGenerationsAreCutOffAfterTheirTime(t *testing.T) {
	s := serve(t)
	answer := s.slow()
	old, err := s.Reload(t.Context(), s.config(t, "two"))
	if err != nil {
		t.Fatal(err)
	}
	patient, hasty := make(chan error, 1), make(chan error, 1)
	s.Retire(old, time.Minute, func(err error) { patient <- err })
	later, err := s.Reload(t.Context(), s.config(t, "three"))
	if err != nil {
		t.Fatal(err)
	}
	s.Retire(later, time.Minute, func(err error) { hasty <- err })
	if err := <-hasty; err != nil {
		t.Errorf("a generation without requests: %v", err)
	}
	select {
	case err := <-patient:
		t.Errorf("a generation with a request ended: %v", err)
	default:
	}
	close(s.released)
	if got := <-answer; got != "one" {
		t.Errorf("the request got %q, want that of its generation", got)
	}
	if err := <-patient; err != nil {
		t.Errorf("the generation: %v", err)
	}
	s.want(t, "three")
}

func TestDrainingBeginsWithReadiness(t *testing.T) {
	t.Parallel()
	in := install(t, `listen: "127.0.0.1:0"
admin: { listen: "unix:DIR/admin.sock" }
timeouts: { drain_delay: 1s }
apis: [{ name: a, match: { path: / }, upstream: { url: UPSTREAM } }]
`, nil)
	private := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(in.dir, "admin.sock"))
		},
	}}
	ready := func() int {
		reply, err := private.Get("http://admin/readyz")
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		return reply.StatusCode
	}
	if got := ready(); got != 200 {
		t.Fatalf("readiness %d, want 200", got)
	}
	in.stop()
	for range 500 {
		if ready() == 503 {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	if got := ready(); got != 503 {
		t.Fatalf("readiness %d while it drains, want 503", got)
	}
	if got := in.status(t, "http://"+in.ls.Public.Addr().String()); got != 200 {
		t.Errorf("a request during the delay gets %d, want 200", got)
	}
}
