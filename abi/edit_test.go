package abi_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

func TestHeaderEdits(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(x *abi.Exchange) error
		want []string
	}{
		{"set takes the first place", func(x *abi.Exchange) error {
			return x.SetHeader(abi.OfRequest, []byte("X-ROLE"), []byte("guest"))
		}, []string{"Accept: */*", "X-ROLE: guest", "X-Debug: 1"}},
		{"set of a new name goes to the end", func(x *abi.Exchange) error {
			return x.SetHeader(abi.OfRequest, []byte("X-New"), nil)
		}, []string{"Accept: */*", "X-Role: admin", "x-role: root", "X-Debug: 1", "X-New: "}},
		{"add keeps", func(x *abi.Exchange) error {
			return x.AddHeader(abi.OfRequest, []byte("accept"), []byte("a"))
		}, []string{"Accept: */*", "X-Role: admin", "x-role: root", "X-Debug: 1", "accept: a"}},
		{"del removes all", func(x *abi.Exchange) error {
			return x.DelHeader(abi.OfRequest, []byte("x-Role"))
		}, []string{"Accept: */*", "X-Debug: 1"}},
		{"del of the first and the last", func(x *abi.Exchange) error {
			return errors.Join(x.DelHeader(abi.OfRequest, []byte("Accept")), x.DelHeader(abi.OfRequest, []byte("X-Debug")))
		}, []string{"X-Role: admin", "x-role: root"}},
		{"del of nothing", func(x *abi.Exchange) error {
			return x.DelHeader(abi.OfRequest, []byte("X-Rol"))
		}, []string{"Accept: */*", "X-Role: admin", "x-role: root", "X-Debug: 1"}},
		{"name taken from the list itself", func(x *abi.Exchange) error {
			return x.SetHeader(abi.OfRequest, x.Request.Header[2].Name, x.Request.Header[2].Value)
		}, []string{"Accept: */*", "x-role: root", "X-Debug: 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := loaded()
			x.Begin(abi.Pre, never)
			if err := tt.do(x); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(x.Request.Header)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInvalidEditsAreRefused(t *testing.T) {
	header := func(name, value string) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error {
			set := x.SetHeader(abi.OfRequest, []byte(name), []byte(value))
			add := x.AddHeader(abi.OfReply, []byte(name), []byte(value))
			if !errors.Is(add, set) {
				return errors.New("set and add do not agree")
			}
			return set
		}
	}
	method := func(s string) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error { return x.SetMethod([]byte(s)) }
	}
	target := func(s string) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error { return x.SetURI([]byte(s)) }
	}
	host := func(s string) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error { return x.SetHost([]byte(s)) }
	}
	status := func(n int) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error { return x.SetStatus(n) }
	}
	away := func(s string) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error { return redirect(x, s) }
	}
	for _, tt := range []struct {
		name string
		do   func(*abi.Exchange) error
		want error
	}{
		{"redirect", away("tyk://self/a?b=c"), nil},
		{"redirect without a path", away("TYK://other"), nil},
		{"redirect with a query only", away("tyk://other?a"), nil},
		{"redirect to another scheme", away("http://other/"), abi.ErrRedirect},
		{"redirect to nothing", away("tyk://"), abi.ErrRedirect},
		{"redirect to a path", away("tyk:///a"), abi.ErrRedirect},
		{"redirect to a query", away("tyk://?a"), abi.ErrRedirect},
		{"redirect with a space", away("tyk://a/b c"), abi.ErrRedirect},
		{"redirect with a line break", away("tyk://a/b\r\nX: y"), abi.ErrRedirect},
		{"redirect with a fragment", away("tyk://a/b#c"), abi.ErrRedirect},
		{"redirect without a slash", func(x *abi.Exchange) error { return x.Redirect(abi.Redirect{URI: []byte("a")}) }, abi.ErrRedirect},
		{"redirect to everything", func(x *abi.Exchange) error { return x.Redirect(abi.Redirect{URI: []byte("*")}) }, abi.ErrRedirect},
		{"redirect with a line break in its path", func(x *abi.Exchange) error { return x.Redirect(abi.Redirect{URI: []byte("/a\r\n")}) }, abi.ErrRedirect},
		{"redirect with a fragment in its path", func(x *abi.Exchange) error { return x.Redirect(abi.Redirect{URI: []byte("/a#b")}) }, abi.ErrRedirect},
		{"redirect with a method", func(x *abi.Exchange) error { return x.Redirect(abi.Redirect{Method: []byte("G T")}) }, abi.ErrMethod},
		{"dispatch to nothing", func(x *abi.Exchange) error { return x.Dispatch(nil) }, abi.ErrRedirect},
		{"dispatch to a URL", func(x *abi.Exchange) error { return x.Dispatch([]byte("tyk://a")) }, abi.ErrRedirect},
		{"rejection with status 99", func(x *abi.Exchange) error { return x.Reject(99, nil) }, abi.ErrStatus},
		{"empty name", header("", "v"), abi.ErrName},
		{"space in name", header("X A", "v"), abi.ErrName},
		{"colon in name", header("X:", "v"), abi.ErrName},
		{"line break in name", header("X\r\nY", "v"), abi.ErrName},
		{"byte above 0x7f in name", header("X\xe4", "v"), abi.ErrName},
		{"all token characters", header("!#$%&'*+-.^_`|~09azAZ", "v"), nil},
		{"carriage return in value", header("X", "a\rb"), abi.ErrValue},
		{"line feed in value", header("X", "a\nb"), abi.ErrValue},
		{"nul in value", header("X", "\x00"), abi.ErrValue},
		{"escape in value", header("X", "\x1b[31m"), abi.ErrValue},
		{"delete in value", header("X", "\x7f"), abi.ErrValue},
		{"tab in value", header("X", "a\tb"), nil},
		{"bytes above 0x7f in value", header("X", "\x80\xff"), nil},
		{"empty value", header("X", ""), nil},
		{"method", method("PROPFIND"), nil},
		{"empty method", method(""), abi.ErrMethod},
		{"method with space", method("GET /"), abi.ErrMethod},
		{"target", target("/a%2Fb?x=%20&y=[]"), nil},
		{"asterisk", target("*"), nil},
		{"empty target", target(""), abi.ErrTarget},
		{"relative target", target("orders"), abi.ErrTarget},
		{"absolute target", target("http://evil/"), abi.ErrTarget},
		{"target with space", target("/a b"), abi.ErrTarget},
		{"target with line break", target("/a\r\nX: y"), abi.ErrTarget},
		{"host", host("api.example.com:8080"), nil},
		{"host of IPv6", host("[2001:db8::1]:443"), nil},
		{"empty host", host(""), abi.ErrHost},
		{"host with line break", host("a\r\nX: y"), abi.ErrHost},
		{"host with space", host("a b"), abi.ErrHost},
		{"host with path", host("a/b"), abi.ErrHost},
		{"host with user", host("user@a"), abi.ErrHost},
		{"two hosts", host("a,b"), abi.ErrHost},
		{"status 199", status(199), abi.ErrStatus},
		{"status 200", status(200), nil},
		{"status 599", status(599), nil},
		{"status 600", status(600), abi.ErrStatus},
		{"status 0", status(0), abi.ErrStatus},
		{"negative status", status(-1), abi.ErrStatus},
		{"status of an answer", func(x *abi.Exchange) error { return x.Answer(99, nil) }, abi.ErrStatus},
		{"empty name of metadata", func(x *abi.Exchange) error { return x.SetMeta(nil, nil) }, abi.ErrName},
		{"metadata without a session", func(x *abi.Exchange) error { return x.SetMetadata(nil) }, abi.ErrReadOnly},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := loaded()
			before := stateOf(x)
			x.Begin(abi.Pre, never)
			err := tt.do(x)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error = %v, want %v", err, tt.want)
			}
			if err != nil && (x.Touched() != 0 || !cmp.Equal(before, stateOf(x))) {
				t.Error("a refused edit changed something")
			}
		})
	}
}

func TestHooksMayEditWhatTheyHaveASayIn(t *testing.T) {
	for h := range abi.AllHooks.All() {
		t.Run(h.String(), func(t *testing.T) {
			x := loaded()
			reply(x)
			x.Begin(h, never)
			b := []byte("x")
			for _, tt := range []struct {
				name string
				err  error
				may  bool
			}{
				{"request header", x.SetHeader(abi.OfRequest, b, b), h.BeforeReply()},
				{"delete request header", x.DelHeader(abi.OfRequest, b), h.BeforeReply()},
				{"request body", x.SetBody(abi.OfRequest, b), h.BeforeReply()},
				{"method", x.SetMethod(b), h.BeforeReply()},
				{"target", x.SetURI([]byte("/")), h.BeforeReply()},
				{"host", x.SetHost(b), h.BeforeReply()},
				{"reply header", x.AddHeader(abi.OfReply, b, b), h != abi.Event},
				{"reply body", x.SetBody(abi.OfReply, b), h != abi.Event},
				{"status", x.SetStatus(200), h != abi.Event},
				{"answer", x.Answer(200, b), h != abi.Event},
				{"reject", x.Reject(400, b), h != abi.Event},
				{"redirect", redirect(x, "tyk://self"), h.BeforeReply()},
				{"dispatch", x.Dispatch([]byte("other")), h.BeforeReply()},
				{"cause", x.SetCause(abi.Cause{}), h.BeforeReply()},
				{"session", x.SetSession(&abi.Session{}), h == abi.Auth},
				{"stored session", x.UseSession(&abi.Session{}), h == abi.Auth || h == abi.PostKeyAuth},
			} {
				if (tt.err == nil) != tt.may {
					t.Errorf("%s: %v, want allowed = %v", tt.name, tt.err, tt.may)
				}
				if tt.err != nil && !errors.Is(tt.err, abi.ErrReadOnly) {
					t.Errorf("%s: %v, want ErrReadOnly", tt.name, tt.err)
				}
			}
		})
	}
}

func TestFieldsOfAMessageAreLimited(t *testing.T) {
	x := loaded()
	x.Begin(abi.Pre, never)
	for range abi.MaxFields - len(requestHeader) {
		if err := x.AddHeader(abi.OfRequest, []byte("X"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.AddHeader(abi.OfRequest, []byte("X"), nil); !errors.Is(err, abi.ErrTooMany) {
		t.Errorf("AddHeader() of one more = %v, want ErrTooMany", err)
	}
	if err := x.SetHeader(abi.OfRequest, []byte("New"), nil); !errors.Is(err, abi.ErrTooMany) {
		t.Errorf("SetHeader() of a new name = %v, want ErrTooMany", err)
	}
	if err := x.SetHeader(abi.OfRequest, []byte("Accept"), nil); err != nil {
		t.Errorf("SetHeader() of a present name = %v", err)
	}
}

func TestMetaValuesAreLimited(t *testing.T) {
	x := loaded()
	x.Begin(abi.Pre, never)
	name := func(i int) []byte { return []byte{byte(i), byte(i >> 8)} }
	for i := range abi.MaxFields {
		if err := x.SetMeta(name(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.SetMeta(name(abi.MaxFields), nil); !errors.Is(err, abi.ErrTooMany) {
		t.Errorf("SetMeta() of one more = %v, want ErrTooMany", err)
	}
	if err := x.SetMeta(name(0), []byte("v")); err != nil {
		t.Errorf("SetMeta() of a present name = %v", err)
	}
}

func TestBytesOfEditsAreLimitedPerCall(t *testing.T) {
	x := loaded()
	value := bytes.Repeat([]byte("a"), abi.MaxEditBytes/4)
	for range 2 {
		x.Begin(abi.Pre, never)
		var err error
		n := 0
		for ; err == nil; n++ {
			err = x.SetHeader(abi.OfRequest, []byte("X"), value)
		}
		if !errors.Is(err, abi.ErrTooMany) || n != 4 {
			t.Errorf("SetHeader() number %d = %v, want ErrTooMany at the 4th", n, err)
		}
		if err := x.SetBody(abi.OfRequest, value); err != nil {
			t.Errorf("SetBody() = %v, want bodies counted apart", err)
		}
		x.Discard()
	}
}

func TestBodiesAreLimited(t *testing.T) {
	x := loaded()
	x.BodyLimit = 4
	x.Begin(abi.Pre, never)
	for m, name := range []string{"request", "reply"} {
		if err := x.SetBody(abi.Message(m), []byte("1234")); err != nil {
			t.Errorf("%s: SetBody() at the limit = %v", name, err)
		}
		if err := x.SetBody(abi.Message(m), []byte("12345")); !errors.Is(err, abi.ErrBodySize) {
			t.Errorf("%s: SetBody() above the limit = %v, want ErrBodySize", name, err)
		}
	}
	if err := x.Answer(200, []byte("12345")); !errors.Is(err, abi.ErrBodySize) {
		t.Errorf("Answer() above the limit = %v, want ErrBodySize", err)
	}
}

func TestFieldsOfOneConnectionAreRefusedByName(t *testing.T) {
	x := &abi.Exchange{}
	x.Begin(abi.Pre, time.Time{})
	for _, name := range []string{"Connection", "keep-alive", "Proxy-Connection", "TE", "Trailer", "transfer-encoding", "UPGRADE"} {
		for _, m := range []abi.Message{abi.OfRequest, abi.OfReply} {
			for what, err := range map[string]error{
				"SetHeader": x.SetHeader(m, []byte(name), []byte("x")), "AddHeader": x.AddHeader(m, []byte(name), []byte("x")),
			} {
				if abi.KindOf(err) != abi.Protocol || !strings.Contains(err.Error(), name) {
					t.Errorf("%s(%s) = %v, want an error that names the field", what, name, err)
				}
			}
			if err := x.DelHeader(m, []byte(name)); err != nil {
				t.Errorf("DelHeader(%s) = %v", name, err)
			}
		}
	}
	if len(x.Request.Header)+len(x.Reply.Header) > 0 {
		t.Errorf("fields were set: %v %v", x.Request.Header, x.Reply.Header)
	}
}
