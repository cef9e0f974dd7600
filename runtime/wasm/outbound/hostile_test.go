package outbound_test

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

	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

// serveRaw starts a server that reads one request of each connection and then
// does as talk says. It returns its URL; closed yields once for each connection
// that the client has closed.
func serveRaw(t *testing.T, talk func(w io.Writer) error) (url string, closed <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ends := make(chan struct{}, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			answerRaw(conn, talk)
			ends <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	return "http://" + ln.Addr().String(), ends
}

// answerRaw ends when the client closes the connection, and not before.
func answerRaw(conn net.Conn, talk func(w io.Writer) error) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	if _, err := http.ReadRequest(r); err != nil {
		return
	}
	if talk(conn) == nil {
		_, _ = io.Copy(io.Discard, r)
	}
}

// once sends a text and nothing more.
func once(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// forever sends a text, then another until the client has gone.
func forever(text, again string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		for err == nil {
			_, err = io.WriteString(w, again)
		}
		return err
	}
}

// TestAServerCannotKeepARequest is for findings 4 and 5 of issue 12 and their
// kin. The context has no deadline, so that each server's response has to be
// refused for what it is.
func TestAServerCannotKeepARequest(t *testing.T) {
	for _, tt := range []struct {
		name string
		talk func(io.Writer) error
		want error // nil: any
	}{
		{"switches the protocol", once("HTTP/1.1 101 Switching Protocols\r\n\r\n"), outbound.ErrResponse},
		{
			"switches to an asked protocol",
			once("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), outbound.ErrResponse,
		},
		{"talks on after the switch", forever("HTTP/1.1 101 x\r\n\r\n", "x"), outbound.ErrResponse},
		{"status 999", once("HTTP/1.1 999 x\r\n\r\n"), outbound.ErrResponse},
		{"status 600", once("HTTP/1.1 600 x\r\n\r\n"), outbound.ErrResponse},
		{"status 000", once("HTTP/1.1 000 x\r\n\r\n"), outbound.ErrResponse},
		{"status 099", once("HTTP/1.1 099 x\r\n\r\n"), outbound.ErrResponse},
		{"header without end", forever("HTTP/1.1 200 OK\r\n", "X-A: "+strings.Repeat("a", 1000)+"\r\n"), nil},
		{"line without end", forever("HTTP/1.1 200 OK\r\nX-A: ", strings.Repeat("a", 1000)), nil},
		{"status line without end", forever("HTTP/1.1 200 ", strings.Repeat("a", 1000)), nil},
		{"interim responses without end", forever("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), nil},
		{"body without end", forever("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", 1000)), outbound.ErrLimit},
		{
			"chunks without end",
			forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n"), outbound.ErrLimit,
		},
		{
			"trailer without end",
			forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-A: "+strings.Repeat("a", 1000)+"\r\n"), nil,
		},
		{
			"length too large",
			once("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), outbound.ErrLimit,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, closed := serveRaw(t, tt.talk)
			client := newClient(t, outbound.Config{Allow: []string{url + "/*"}})
			got, err := client.Do(t.Context(), &outbound.HTTPRequest{Method: []byte("GET"), URL: []byte(url + "/")})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Do() = %+v, %v, want %v", got, err, tt.want)
			}
			<-closed // before the client is
		})
	}
}

// TestInterimResponsesAreSkipped is the right side of the limit on them.
func TestInterimResponsesAreSkipped(t *testing.T) {
	url, _ := serveRaw(t, once(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 20)+
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 299 x\r\nContent-Length: 2\r\n\r\nok"))
	client := newClient(t, outbound.Config{Allow: []string{url + "/*"}})
	got, err := get(t, client, url+"/")
	if err != nil || got.Status != 299 || string(got.Body) != "ok" {
		t.Errorf("Do() = %+v, %v, want 299 ok", got, err)
	}
}

// TestASlowServerEndsAtTheDeadline has servers that send a byte each second, so
// that no timeout between two bytes would notice.
func TestASlowServerEndsAtTheDeadline(t *testing.T) {
	for name, prefix := range map[string]string{
		"status line": "", "header": "HTTP/1.1 200 OK\r\nX-A: ", "body": "HTTP/1.1 200 OK\r\n\r\n",
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
		"chunk":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n",
		"trailer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ",
		"interim": "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 103 x\r\nA: ",
	} {
		t.Run(name, func(t *testing.T) {
			url, closed := serveRaw(t, func(w io.Writer) error {
				_, err := io.WriteString(w, prefix)
				for tick := time.NewTicker(time.Millisecond); err == nil; <-tick.C {
					_, err = io.WriteString(w, "H")
				}
				return err
			})
			client := newClient(t, outbound.Config{Allow: []string{url + "/*"}})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := client.Do(ctx, &outbound.HTTPRequest{Method: []byte("GET"), URL: []byte(url + "/")})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Do() = %v, want the deadline", err)
			}
			<-closed
		})
	}
}
