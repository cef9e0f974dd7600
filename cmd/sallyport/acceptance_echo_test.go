package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // bundles are checked by it
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"
)

// acceptanceEcho is the upstream: it answers with method, URL, header fields
// and body as JSON, and remembers them. Some paths answer otherwise:
//
//	/binary       four bytes that are no text, as application/octet-stream
//	/html         text, as text/html
//	/headers      fields with one value and with several, three cookies
//	/missing…     404
//	/never        nothing, until the client gives up
type acceptanceEcho struct {
	server *httptest.Server

	gone chan struct{} // one for each client of /never that has given up

	mu   sync.Mutex // protects seen
	seen []seenRequest
}

// seenRequest is what the upstream got.
type seenRequest struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
	bytes   []byte
	wire    string // what was read from the connection
}

func newAcceptanceEcho(t *testing.T) *acceptanceEcho {
	t.Helper()
	e := &acceptanceEcho{gone: make(chan struct{}, 64)}
	e.server = httptest.NewUnstartedServer(e)
	e.server.Listener = recordingListener{e.server.Listener}
	e.server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, wireKey{}, c)
	}
	e.server.Start()
	t.Cleanup(func() {
		e.server.CloseClientConnections()
		e.server.Close()
	})
	return e
}

// fill puts the address of the upstream into a text.
func (e *acceptanceEcho) fill(text string) string {
	return strings.ReplaceAll(text, "$UPSTREAM", e.server.URL)
}

// ServeHTTP implements http.Handler.
func (e *acceptanceEcho) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s := seenRequest{Method: r.Method, URL: r.RequestURI, Headers: r.Header.Clone(), Body: string(body), bytes: body}
	if c, ok := r.Context().Value(wireKey{}).(*recordingConn); ok {
		s.wire = c.take()
	}
	e.mu.Lock()
	e.seen = append(e.seen, s)
	e.mu.Unlock()
	switch {
	case r.URL.Path == "/binary":
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write([]byte{0xff, 0x00, 0xfe, 0x80})
	case r.URL.Path == "/html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>hello</p>")
	case r.URL.Path == "/headers":
		for _, f := range [][2]string{
			{"X-Removed", "gone"},
			{"X-Updated", "before"},
			{"X-Kept", "kept"},
			{"X-Extra", "one"},
			{"X-Many", "one"},
			{"X-Many", "two"},
			{"X-Many", "three"},
			{"Set-Cookie", "a=1"},
			{"Set-Cookie", "b=2"},
			{"Set-Cookie", "c=3"},
		} {
			w.Header().Add(f[0], f[1])
		}
	case strings.HasPrefix(r.URL.Path, "/missing"):
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "missing")
	case r.URL.Path == "/never":
		<-r.Context().Done()
		e.gone <- struct{}{}
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Upstream", "echo")
		_ = json.NewEncoder(w).Encode(s)
	}
}

// since returns what came after the first n requests.
func (e *acceptanceEcho) since(n int) []seenRequest {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]seenRequest(nil), e.seen[n:]...)
}

func (e *acceptanceEcho) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.seen)
}

// wireKey finds the connection of a request.
type wireKey struct{}

// recordingListener makes connections that remember what was read from them.
type recordingListener struct{ net.Listener }

// Accept implements net.Listener.
func (l recordingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &recordingConn{Conn: c}, nil
}

type recordingConn struct {
	net.Conn

	mu   sync.Mutex // protects read
	read []byte
}

// Read implements net.Conn.
func (c *recordingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	c.read = append(c.read, p[:n]...)
	c.mu.Unlock()
	return n, err
}

// take returns what was read since it was called last.
func (c *recordingConn) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := string(c.read)
	c.read = nil
	return s
}

// zip makes a bundle. $MD5 in its manifest stands for the sum of the files
// that the manifest lists.
func (e *acceptanceEcho) zip(t *testing.T, entries []txtar.File) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range entries {
		data := e.fill(string(f.Data))
		if f.Name == "manifest.json" {
			data = strings.ReplaceAll(data, "$MD5", e.sum(t, entries, data))
		}
		w, err := z.Create(f.Name)
		if err == nil {
			_, err = io.WriteString(w, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// sum returns the checksum of the files that a manifest lists.
func (e *acceptanceEcho) sum(t *testing.T, entries []txtar.File, manifest string) string {
	t.Helper()
	var list struct {
		Files []string `json:"file_list"`
	}
	if err := json.Unmarshal([]byte(manifest), &list); err != nil {
		t.Fatal(err)
	}
	sum := md5.New() //nolint:gosec // as above
	for _, name := range list.Files {
		for _, f := range entries {
			if f.Name == name {
				_, _ = io.WriteString(sum, e.fill(string(f.Data)))
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
