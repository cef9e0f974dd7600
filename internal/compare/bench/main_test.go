package bench_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/bench/plain"
)

// The test binary is the program whose children are measured. Its gateway is
// a small one; that of the command is tested with the command.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != bench.ChildName() {
		os.Exit(m.Run())
	}
	if err := child(os.Args[2], append(os.Args[3:], "")[0]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// misbehave is the variable of the environment that makes children do so.
const misbehave = "SALLYPORT_BENCH_TEST"

func child(kind, arg string) error {
	switch kind {
	case bench.ChildUpstream:
		return serve(plain.NewUpstream())
	case bench.ChildForwarder:
		return serve(plain.NewForwarder(arg))
	case bench.ChildGateway:
		return serveGateway(arg)
	case "silent":
		fmt.Println(`{"address":"nowhere"}`)
		select {}
	case "garbage":
		fmt.Println("hello")
		return nil
	case "dies":
		return fmt.Errorf("no memory left for %s", arg)
	}
	return fmt.Errorf("no part %q", kind)
}

func serve(s *plain.Responder) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	err = bench.Serve(os.Stdin, os.Stdout, bench.Ready{Address: ln.Addr().String()}, nil)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	return <-served
}

var upstreamIn = regexp.MustCompile(`url: "(http://[^"]+)"`)

// serveGateway forwards, and does the header hook if the configuration has a
// plugin.
func serveGateway(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	upstream := upstreamIn.FindSubmatch(text)
	hooked := strings.Contains(string(text), "native-headers") && os.Getenv(misbehave) != "idle"
	if os.Getenv(misbehave) == "dead" && strings.Contains(string(text), "plugins:") {
		return fmt.Errorf("cannot load the plugin")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: forward(string(upstream[1]), hooked)}
	go func() { _ = s.Serve(ln) }()
	ready := bench.Ready{Address: ln.Addr().String(), Load: 3 * time.Millisecond}
	return bench.Serve(os.Stdin, os.Stdout, ready, func(s *bench.State) {
		if os.Getenv(misbehave) == "faults" && hooked {
			s.Faults = map[string]uint64{"timeout": 3}
		}
	})
}

func forward(upstream string, hooked bool) http.HandlerFunc {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Loop") != "" {
			<-time.After(20 * time.Millisecond)
			http.Error(w, "deadline", http.StatusGatewayTimeout)
			return
		}
		out, err := http.NewRequestWithContext(r.Context(), r.Method, upstream+r.URL.RequestURI(), r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out.Header = r.Header.Clone()
		if hooked {
			out.Header.Set("X-Tenant", "acme")
			out.Header.Set("X-Agent", r.UserAgent())
			out.Header.Del("X-Debug")
		}
		resp, err := client.Do(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(body)
	}
}
