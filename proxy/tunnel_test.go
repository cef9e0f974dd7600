package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// echoSocket is a WebSocket that sends back what it gets.
func echoSocket(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer func() { _ = c.CloseNow() }()
	c.SetReadLimit(1 << 20)
	for {
		kind, b, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if err := c.Write(r.Context(), kind, b); err != nil {
			return
		}
	}
}

func TestWebSocketIsTunnelled(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	g := start(t, proxy.Config{Config: ingress.Config{IdleTimeout: short, ReadTimeout: short}}, proxy.Route{
		Chain: newChain(t, at(abi.Pre, func(x *abi.Exchange) error {
			seen <- string(x.Request.URI)
			return nil
		})),
		Upstream: newUpstream(t, upstream.Config{URL: serve(t, echoSocket), ResponseTimeout: short, BodyTimeout: short}),
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+g.addr+"/chat?x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if uri := <-seen; uri != "/chat?x" {
		t.Errorf("plugin saw %q", uri)
	}
	c.SetReadLimit(1 << 20)
	wait := time.NewTimer(4 * short) // longer than any limit on silence
	defer wait.Stop()
	<-wait.C
	for _, msg := range []string{"hello", "", strings.Repeat("x", 500<<10)} {
		if err := c.Write(ctx, websocket.MessageText, []byte(msg)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || string(got) != msg {
			t.Fatalf("got %d bytes, %v, want %d", len(got), err, len(msg))
		}
	}
	if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
}

func TestTunnelPassesTheEndOfEachStream(t *testing.T) {
	url := script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		h, _ := head(r)
		if !strings.Contains(h, "Connection: Upgrade\r\nUpgrade: raw\r\n") {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\nConnection: upgrade\r\nX-A: b\r\n\r\nearly ")
		b, _ := io.ReadAll(r) // up to the client's end
		_, _ = io.WriteString(c, "got "+string(b))
	})
	g := before(t, url)
	p := connect(t, g.addr)
	p.send(get("/", "Upgrade: raw", "Connection: keep-alive, Upgrade") + "ahead ")
	h, err := head(p.r)
	if err != nil || !strings.HasPrefix(h, "HTTP/1.1 101 ") || !strings.Contains(h, "Connection: Upgrade\r\nUpgrade: raw\r\n") || !strings.Contains(h, "X-A: b\r\n") {
		t.Fatalf("head = %q, %v", h, err)
	}
	p.send("and more")
	if err := p.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(p.r); err != nil || string(b) != "early got ahead and more" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestRefusedUpgradeIsAnOrdinaryReply(t *testing.T) {
	g := before(t, script(t, echoHead))
	p := connect(t, g.addr)
	for range 2 {
		p.send(get("/", "Upgrade: x", "Connection: upgrade"))
		if a := p.receive("GET"); a.status != 200 {
			t.Errorf("reply = %+v", a)
		}
	}
}

func TestHiddenProtocolsAreNotTunnelled(t *testing.T) {
	g := before(t, script(t, echoHead))
	a := ask(t, g, get("/", "Upgrade: h2c", "HTTP2-Settings: x", "Connection: Upgrade, HTTP2-Settings"))
	if strings.Contains(a.body, "Upgrade") || strings.Contains(a.body, "HTTP2") {
		t.Errorf("upstream got %q", a.body)
	}
}

func TestPluginMayRejectAnUpgrade(t *testing.T) {
	g := before(t, serve(t, echoSocket), respond(abi.Auth, 401, "who?"))
	if a := ask(t, g, get("/", "Upgrade: websocket", "Connection: Upgrade")); a.status != 401 {
		t.Errorf("status = %d", a.status)
	}
}

func TestShutdownCountsTunnels(t *testing.T) {
	t.Parallel()
	g := before(t, serve(t, echoSocket))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+g.addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	soon, stop := context.WithTimeout(ctx, short)
	defer stop()
	if err := g.Shutdown(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown() = %v with a tunnel open", err)
	}
	if _, _, err := c.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the tunnel goes on: %v", err)
	}
}
