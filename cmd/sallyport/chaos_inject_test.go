package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/c386954a/sallyport/examples"
	"github.com/c386954a/sallyport/internal/procstat"
)

// chaosInjection is something that happens to a gateway, and returns when the
// gateway is as before. Meanwhile, and only then, requests to some APIs may get
// some statuses.
type chaosInjection struct {
	name     string
	do       func(*chaos)
	api      string // empty: any
	statuses []int
}

func chaosInjections() []chaosInjection {
	return []chaosInjection{
		{name: "good reload", do: (*chaos).reload},
		{name: "good reload with another certificate", do: func(c *chaos) { c.renew(); c.reload() }},
		{name: "reload of broken YAML", do: broken("sallyport.yaml", "version: 1\napis: [{ name: a,\n", func(c *chaos) { c.configure() })},
		{name: "reload of an unknown key", do: broken("sallyport.yaml", "version: 1\nlisten: \"127.0.0.1:0\"\nlimit: {}\n", func(c *chaos) { c.configure() })},
		{name: "reload of a broken key file", do: broken("keys.json", `[{"key": "k", "session": {}}, {"key": 7`, func(c *chaos) {
			c.write("keys.json", `[{"key": "k", "session": {}}]`)
		})},
		{name: "reload of half a certificate", do: broken("cert.pem", "-----BEGIN CERTIFICATE-----\nMIIB", (*chaos).renew)},
		{name: "reload of half a module", do: broken("headers.wasm", string(examples.HeadersWasm[:len(examples.HeadersWasm)/2]), func(c *chaos) {
			c.write("headers.wasm", string(examples.HeadersWasm))
		})},
		{name: "reload of half a script", do: broken("headers.js", string(examples.HeadersJS[:len(examples.HeadersJS)/2]), func(c *chaos) {
			c.write("headers.js", string(examples.HeadersJS))
		})},
		{name: "kill of the external process", do: (*chaos).kill, api: "coproc", statuses: []int{500, 503, 504}},
		{name: "restart of the upstream", do: (*chaos).restart, statuses: []int{502, 504}},
		{name: "flood of looping plugins", do: (*chaos).flood},
		{name: "bodies withheld", do: (*chaos).withhold},
		{name: "clients that leave", do: (*chaos).leave},
	}
}

// inject lets something happen, and notes when.
func (c *chaos) inject(in chaosInjection) {
	w := c.tally.open(in)
	in.do(c)
	c.tally.close(w)
}

// signalReload asks for a reload and waits until the log has told its result.
func (c *chaos) signalReload() (done bool) {
	reloaded, refused := c.reloaded.Load(), c.refused.Load()
	_ = syscall.Kill(c.pid, syscall.SIGHUP)
	if !c.eventually(func() bool { return c.reloaded.Load() > reloaded || c.refused.Load() > refused }) {
		c.t.Error("the gateway does not tell the result of a reload")
	}
	return c.reloaded.Load() > reloaded
}

func (c *chaos) eventually(holds func() bool) bool {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return false
}

func (c *chaos) reload() {
	c.configure()
	if !c.signalReload() {
		c.t.Error("a good reload was refused")
	}
}

// broken returns an injection that reloads with a broken file, and mends it.
func broken(file, text string, mend func(*chaos)) func(*chaos) {
	return func(c *chaos) {
		c.write(file, text)
		if c.signalReload() {
			c.t.Errorf("a reload was done with a broken %s", file)
		}
		mend(c)
	}
}

// renew writes another certificate.
func (c *chaos) renew() {
	c.serial++
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Error(err)
		return
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(c.serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		c.t.Error(err)
		return
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		c.t.Error(err)
		return
	}
	c.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	c.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
}

// kill kills every process that the gateway has started, and waits until the
// next one answers.
func (c *chaos) kill() {
	for _, pid := range procstat.Descendants(c.pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	c.recover("coproc")
}

func (c *chaos) restart() {
	c.upstream.stop()
	time.Sleep(time.Duration(c.random.IntN(300)) * time.Millisecond)
	c.upstream.start()
	c.recover("plain")
}

// recover waits until an API answers again.
func (c *chaos) recover(api string) {
	if !c.eventually(func() bool {
		status, err := c.ask(api, c.tally.nextID(), nil)
		return status == http.StatusOK && err == nil
	}) {
		c.t.Errorf("%s does not recover", api)
	}
}

// flood sends requests to plugins that loop. None may pass.
func (c *chaos) flood() {
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			for range 4 {
				reply, err := c.client.Get(c.url + []string{"/loop-js/", "/loop-wasm/"}[i%2])
				if err != nil {
					c.t.Errorf("a request to a looping plugin: %v", err)
					return
				}
				_, _ = io.Copy(io.Discard, reply.Body)
				reply.Body.Close()
				c.tally.note("loop", reply.StatusCode)
				if reply.StatusCode != 503 && reply.StatusCode != 504 {
					c.t.Errorf("a looping plugin gets its client %d", reply.StatusCode)
				}
			}
		})
	}
	all.Wait()
}

// withhold opens requests whose bodies never end.
func (c *chaos) withhold() {
	var conns []*tls.Conn
	for i := range 20 {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(c.url, "https://"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // its own certificate
		if err != nil {
			c.t.Errorf("connecting: %v", err)
			continue
		}
		conns = append(conns, conn)
		api := []string{"native", "wasm", "jsvm", "coproc", "plain"}[i%5]
		fmt.Fprintf(conn, "POST /%s/withheld HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer w.x\r\nContent-Length: 1000000\r\n\r\n%s", api, strings.Repeat("x", 1000))
	}
	time.Sleep(time.Duration(200+c.random.IntN(800)) * time.Millisecond)
	for _, conn := range conns {
		_ = conn.NetConn().Close()
	}
}

// leave sends requests that take a second, and leaves before.
func (c *chaos) leave() {
	var all sync.WaitGroup
	for i := range 20 {
		after := time.Duration(c.random.IntN(200)) * time.Millisecond
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), after)
			defer cancel()
			api := []string{"native", "wasm", "jsvm", "coproc", "plain"}[i%5]
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/"+api+"/slow", strings.NewReader("x"))
			if err != nil {
				c.t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer l.x")
			if reply, err := c.client.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, reply.Body)
				reply.Body.Close()
			}
		})
	}
	all.Wait()
}
