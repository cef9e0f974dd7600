package proxy_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// certificate writes a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(name, kind string, b []byte) {
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certFile, "CERTIFICATE", der)
	write(keyFile, "PRIVATE KEY", keyDER)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(cert)
	return certFile, keyFile, pool
}

func TestTLSIsServedFromFilesAndSpokenToUpstreams(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-Proto")+" "+string(b))
	}))
	t.Cleanup(secure.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	certFile, keyFile, pool := certificate(t)
	config, err := proxy.LoadTLS(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan bool, 9)
	g := start(t, proxy.Config{Config: ingress.Config{TLS: config}}, proxy.Route{
		Chain: newChain(t, at(abi.Pre, func(x *abi.Exchange) error {
			seen <- x.Request.TLS
			return nil
		})),
		Upstream: newUpstream(t, upstream.Config{URL: secure.URL, TLS: &tls.Config{RootCAs: roots}}),
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, NextProtos: []string{"h2", "http/1.1"}}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for range 3 {
		body := strings.Repeat("x", 100<<10)
		resp, err := client.Post("https://"+g.addr, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(b) != "https "+body || resp.ProtoMajor != 1 {
			t.Errorf("reply = %.20q of %d bytes, %v", b, len(b), err)
		}
		if !<-seen {
			t.Error("the plugin sees no TLS")
		}
	}
}

func TestUntrustedUpstreamGets502(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	g := before(t, secure.URL)
	if a := ask(t, g, get("/")); a.status != 502 {
		t.Errorf("status = %d", a.status)
	}
}

func TestMissingCertificateIsAnError(t *testing.T) {
	if _, err := proxy.LoadTLS("none.pem", "none.pem"); err == nil {
		t.Error("LoadTLS() = nil error")
	}
}

func TestClientThatNeverFinishesItsHandshakeIsCutOff(t *testing.T) {
	t.Parallel()
	certFile, keyFile, _ := certificate(t)
	config, err := proxy.LoadTLS(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, proxy.Config{Config: ingress.Config{TLS: config, ReadHeaderTimeout: short}}, proxy.Route{Chain: newChain(t)})
	p := connect(t, g.addr)
	p.send("\x16\x03\x01")
	if !p.ended() {
		t.Error("the connection goes on")
	}
	if err := g.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
