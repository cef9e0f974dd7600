package hostapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// TestOnlyFinalStatusesAreReplies is for finding 5 of issue 12, and for a server
// that answers 101 and keeps the connection open, finding 4.
func TestOnlyFinalStatusesAreReplies(t *testing.T) {
	for status, want := range map[int]bool{
		0: false, 99: false, 101: false, 200: true, 299: true, 304: true, 418: true, 599: true, 600: false, 999: false,
	} {
		url, closed := answerAndWait(t, fmt.Sprintf("HTTP/1.1 %03d x\r\n\r\n", status))
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		err = hostapi.CheckReply(reply)
		if got := err == nil; got != want {
			t.Errorf("CheckReply(%d) = %v", status, err)
		}
		if err == nil {
			_ = reply.Body.Close()
		}
		<-closed
	}
}

// answerAndWait starts a server for one request. It keeps the connection until
// the client closes it, and then closes closed.
func answerAndWait(t *testing.T, text string) (url string, closed <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		_, _ = conn.Write([]byte(text))
		_, _ = io.Copy(io.Discard, in)
	}()
	return "http://" + ln.Addr().String(), done
}
