package admin_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/admin"
)

// listen starts a server for the test and returns its address.
func listen(t *testing.T, cfg admin.Config, network, address string) string {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s := admin.New(cfg)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// ask returns the status for a request with some header fields; Host among
// them is the request's.
func ask(t *testing.T, client *http.Client, method, url string, header map[string]string) int {
	t.Helper()
	r := httptest.NewRequest(method, url, nil)
	r.RequestURI = ""
	for name, value := range header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func TestPagesOfOtherSitesCannotAskTheAdminListener(t *testing.T) {
	addr := listen(t, admin.Config{Admission: admin.Admission{Hosts: []string{"gw.internal"}}}, "tcp", "127.0.0.1:0")
	for _, tt := range []struct {
		name, method string
		header       map[string]string
		want         int
	}{
		{"a tool", "GET", nil, 200},
		{"localhost", "GET", map[string]string{"Host": "localhost:9901"}, 200},
		{"localhost in other letters", "GET", map[string]string{"Host": "LOCALHOST."}, 200},
		{"an address of version 6", "GET", map[string]string{"Host": "[::1]:9901"}, 200},
		{"a configured name", "GET", map[string]string{"Host": "GW.internal:9901"}, 200},
		{"a name that was rebound", "GET", map[string]string{"Host": "evil.example:9901"}, 421},
		{"a name that begins like an address", "GET", map[string]string{"Host": "127.0.0.1.evil.example"}, 421},
		{"a name that ends like localhost", "GET", map[string]string{"Host": "evil-localhost"}, 421},
		{"its own page", "GET", map[string]string{"Host": "127.0.0.1:1", "Origin": "http://127.0.0.1:1"}, 200},
		{"another page", "GET", map[string]string{"Origin": "https://evil.example"}, 403},
		{"a page of another port", "GET", map[string]string{"Host": "127.0.0.1:1", "Origin": "http://127.0.0.1:2"}, 403},
		{"a page without an origin", "GET", map[string]string{"Origin": "null"}, 403},
		{"a form of another site", "POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(t, http.DefaultClient, tt.method, "http://"+addr+"/status", tt.header); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
		})
	}
}

func TestTheAdminListenerAsksForItsToken(t *testing.T) {
	addr := listen(t, admin.Config{Admission: admin.Admission{Token: "s3cret"}}, "tcp", "127.0.0.1:0")
	for _, tt := range []struct {
		name, path, authorization string
		want                      int
	}{
		{"none", "/status", "", 401},
		{"another", "/status", "Bearer s3cre", 401},
		{"bearer", "/status", "Bearer s3cret", 200},
		{"bearer in other letters", "/metrics", "bearer s3cret", 200},
		{"password", "/status", "Basic YWRtaW46czNjcmV0", 200},
		{"wrong password", "/status", "Basic YWRtaW46eA==", 401},
		{"another scheme", "/status", "Digest s3cret", 401},
		{"an unknown page", "/none", "", 401},
		{"liveness", "/healthz", "", 200},
		{"readiness", "/readyz", "", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := map[string]string{}
			if tt.authorization != "" {
				header["Authorization"] = tt.authorization
			}
			if got := ask(t, http.DefaultClient, "GET", "http://"+addr+tt.path, header); got != tt.want {
				t.Errorf("status %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAUnixSocketMayBeCalledByAnyName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	listen(t, admin.Config{}, "unix", path)
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}}
	if got := ask(t, client, "GET", "http://anything/healthz", nil); got != 200 {
		t.Errorf("status %d, want 200", got)
	}
}

func TestReadinessFollowsTheGateway(t *testing.T) {
	ready := true
	s := listen(t, admin.Config{Ready: func() bool { return ready }}, "tcp", "127.0.0.1:0")
	if got := ask(t, http.DefaultClient, "GET", "http://"+s+"/readyz", nil); got != 200 {
		t.Errorf("status %d while it serves, want 200", got)
	}
	ready = false
	if got := ask(t, http.DefaultClient, "GET", "http://"+s+"/readyz", nil); got != 503 {
		t.Errorf("status %d while it drains, want 503", got)
	}
	if got := ask(t, http.DefaultClient, "GET", "http://"+s+"/healthz", nil); got != 200 {
		t.Errorf("liveness %d while it drains, want 200", got)
	}
}
