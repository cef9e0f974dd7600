package native

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

// newCaller returns a guest whose requests are answered by do.
func newCaller(t *testing.T, do func(ctx context.Context, q *outbound.HTTPRequest) (*outbound.HTTPResponse, error)) *fakeGuest {
	t.Helper()
	s := abi.Spec{Grants: abi.Grants{HTTP: []string{"-"}}}
	g, _ := newGuestWith(t, s, Config{HTTP: &fakeHTTP{do: do}}, abi.Pre)
	return g
}

func TestARequestIsSentAndItsResponseRead(t *testing.T) {
	g := newCaller(t, func(_ context.Context, q *outbound.HTTPRequest) (*outbound.HTTPResponse, error) {
		body := fmt.Appendf(nil, "%s %s %s %s", q.Method, q.URL, q.Header, q.Body)
		return &outbound.HTTPResponse{Status: 201, Header: fields("A", "1", "B", "", "B", "2"), Body: body}, nil
	})
	header := listOf(fields("Accept", "*/*", "X", ""))
	if got := g.do("http_request", "POST", "https://idp/token", header, "hi"); got != 201 {
		t.Fatalf("http_request() = %d, want 201", got)
	}
	want := "POST https://idp/token [{Accept */*} {X }] hi"
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"http_response_header", []any{"a"}, "1"},
		{"http_response_header", []any{"b"}, ""},
		{"http_response_header", []any{"c"}, "(not found)"},
		{"http_response_body_read", []any{0}, want},
		{"http_response_body_read", []any{len(want) - 2}, "hi"},
		{"http_response_body_read", []any{-1}, ""},
	} {
		if got := g.read(c.name, c.args...); got != c.want {
			t.Errorf("%s%q = %q, want %q", c.name, c.args, got, c.want)
		}
	}
	if got := items(g.read("http_response_header_all")); got != "A,1,B,,B,2" {
		t.Errorf("http_response_header_all() = %s", got)
	}
	if got := g.do("http_response_body_size"); got != int64(len(want)) {
		t.Errorf("http_response_body_size() = %d, want %d", got, len(want))
	}
}

func TestOneResponseIsHeldUntilTheCallEnds(t *testing.T) {
	var err error
	g := newCaller(t, func(context.Context, *outbound.HTTPRequest) (*outbound.HTTPResponse, error) {
		return &outbound.HTTPResponse{Status: 200, Body: []byte("b")}, err
	})
	x := g.call.Exchange()
	request := func() { g.do("http_request", "GET", "http://h/", "", "") }
	size := func() int64 { return g.do("http_response_body_size") }
	if got := size(); got != int64(CodeNotFound) {
		t.Errorf("there is a body of %d bytes before the first request", got)
	}
	if request(); size() != 1 {
		t.Error("the response is not held")
	}
	g.call.End()
	if g.call.Begin(x); size() != int64(CodeNotFound) {
		t.Error("the response outlives its call")
	}
	request()
	err = errDown
	if request(); size() != int64(CodeNotFound) {
		t.Error("the response outlives a request that failed")
	}
}

func TestARequestThatFailsSaysWhy(t *testing.T) {
	var err error
	g := newCaller(t, func(context.Context, *outbound.HTTPRequest) (*outbound.HTTPResponse, error) { return nil, err })
	for _, c := range []struct {
		err  error
		code Code
		kind abi.Kind
	}{
		{outbound.ErrDenied, CodeDenied, abi.Protocol},
		{outbound.ErrInvalid, CodeInvalid, abi.Protocol},
		{outbound.ErrLimit, CodeLimit, abi.Limit},
		{errDown, CodeUnavailable, abi.Unavailable},
	} {
		err = fmt.Errorf("outbound: %w", c.err)
		if got := g.do("http_request", "GET", "http://h/", "", ""); got != int64(c.code) {
			t.Errorf("http_request() = %d after %v, want %d", got, err, c.code)
		}
		if got := abi.KindOf(g.call.Refused()); got != c.kind {
			t.Errorf("the fault is %v after %v, want %v", got, err, c.kind)
		}
	}
}

func TestAHangingServerEndsAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newCaller(t, func(ctx context.Context, _ *outbound.HTTPRequest) (*outbound.HTTPResponse, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		deadline := g.call.Exchange().Deadline
		for range 2 { // the second one begins too late
			got := g.do("http_request", "GET", "http://h/", "", "")
			if got != int64(CodeTimeout) || !time.Now().Equal(deadline) {
				t.Errorf("http_request() = %d at %v, want a timeout at %v", got, time.Now(), deadline)
			}
		}
		if abi.KindOf(g.call.Refused()) != abi.Timeout {
			t.Errorf("the fault is %v, want a timeout", g.call.Refused())
		}
	})
}

func TestListsOfHeaderFieldsAreChecked(t *testing.T) {
	g := newCaller(t, nil)
	many := make(abi.Header, abi.MaxFields+1)
	for name, c := range map[string]struct {
		list string
		want Code
	}{
		"empty":                    {"", 204},
		"no pairs":                 {"\x00\x00\x00\x00", 204},
		"one byte":                 {"\x00", CodeInvalid},
		"a name without a value":   {"\x01\x00\x00\x00\x01\x00\x00\x00a", CodeInvalid},
		"more lengths than bytes":  {"\xfe\xff\xff\xff\x00\x00\x00\x00", CodeInvalid},
		"an item beyond the end":   {"\x02\x00\x00\x00\x01\x00\x00\x00\x09\x00\x00\x00ab", CodeInvalid},
		"an item beyond the start": {"\x02\x00\x00\x00\xff\xff\xff\xff\x02\x00\x00\x00ab", CodeInvalid},
		"bytes after the end":      {"\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00ab", CodeInvalid},
		"too many fields":          {listOf(many), CodeLimit},
	} {
		g.used = 0
		if got := g.do("http_request", "GET", "http://h/", c.list, ""); got != int64(c.want) {
			t.Errorf("%s: http_request() = %d, want %d", name, got, c.want)
		}
	}
}
