package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/compare/bench/plain"
)

// checkedReply is an answer as the client got it.
type checkedReply struct {
	status int
	header http.Header
	body   string
}

// ask sends one request, with one more header field, on a connection of its
// own.
func ask(ctx context.Context, addr string, request []byte, field string) (*checkedReply, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	if field != "" {
		request = bytes.Replace(request, []byte("\r\n"), []byte("\r\n"+field+"\r\n"), 1)
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return &checkedReply{resp.StatusCode, resp.Header, string(body)}, err
}

// check says what the hook of a row did not do; of rows without a plugin, that
// they forward.
func (r *row) check(ctx context.Context, addr string, h *Workload) error {
	got, err := ask(ctx, addr, h.request, "")
	if err != nil {
		return err
	}
	echoed, err := ask(ctx, addr, h.request, plain.EchoField+": 1")
	if err != nil {
		return err
	}
	if got.status != http.StatusOK || echoed.status != http.StatusOK {
		return fmt.Errorf("the client got status %d: %s", got.status, got.body)
	}
	var seen plain.Seen
	if err := json.Unmarshal([]byte(echoed.body), &seen); err != nil {
		return fmt.Errorf("answer of the upstream: %w", err)
	}
	if r.plugin == nil {
		return untouched(&seen, got, h)
	}
	if err := h.done(&seen, got); err != nil {
		return err
	}
	if h.Name == "auth" {
		return refusesStrangers(ctx, addr, h)
	}
	return nil
}

// untouched makes sure that the checks can fail: without a plugin, none of the
// work must be done.
func untouched(seen *plain.Seen, got *checkedReply, h *Workload) error {
	if h.done(seen, got) == nil {
		return fmt.Errorf("the work of the hook %s was done without a plugin", h.Name)
	}
	return nil
}

// refusesStrangers sends a key that nobody has.
func refusesStrangers(ctx context.Context, addr string, h *Workload) error {
	stranger := bytes.Replace(h.request, []byte(guest.Key), []byte("nobody.0123456789abcdef"), 1)
	got, err := ask(ctx, addr, stranger, "")
	if err != nil {
		return err
	}
	if got.status != http.StatusUnauthorized {
		return fmt.Errorf("an unknown key got status %d, want 401", got.status)
	}
	return nil
}
