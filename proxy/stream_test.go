package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestServerSentEventsArriveAtOnce(t *testing.T) {
	nop := func(*abi.Exchange) error { return nil }
	for name, plugins := range map[string][]plugin{"plain": nil, "response hook": {at(abi.Response, nop)}} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{})
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_ = http.NewResponseController(w).Flush()
				for range next {
					_, _ = io.WriteString(w, "data: event\n\n")
					_ = http.NewResponseController(w).Flush()
				}
			})
			g := before(t, url, plugins...)
			p := connect(t, g.addr)
			p.send(get("/"))
			if h, err := head(p.r); err != nil || !strings.Contains(h, "text/event-stream") {
				t.Fatalf("head = %q, %v: it must not wait for the first event", h, err)
			}
			for range 5 {
				next <- struct{}{} // the upstream sends no more before this one has arrived
				for _, want := range []string{"d\r\n", "data: event\n", "\n", "\r\n"} {
					if line, err := p.r.ReadString('\n'); err != nil || line != want {
						t.Fatalf("got %q, %v, want %q", line, err, want)
					}
				}
			}
			close(next)
			if rest, err := p.r.ReadString('0'); err != nil || rest != "0" {
				t.Errorf("end = %q, %v", rest, err)
			}
		})
	}
}

func TestBodyOfKnownLengthIsNotHeldBack(t *testing.T) {
	next := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		for range 10 {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	})
	g := before(t, url)
	p := connect(t, g.addr)
	p.send(get("/"))
	if _, err := head(p.r); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if b, err := p.r.ReadByte(); err != nil || b != 'x' {
			t.Fatalf("got %q, %v", b, err)
		}
		next <- struct{}{}
	}
}
