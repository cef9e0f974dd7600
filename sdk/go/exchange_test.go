package sallyport_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

func fields(pairs ...string) []sallyport.Field {
	var h []sallyport.Field
	for pair := range slices.Chunk(pairs, 2) {
		h = append(h, sallyport.Field{Name: pair[0], Value: pair[1]})
	}
	return h
}

func TestGetReturnsTheFirstValue(t *testing.T) {
	f := sallyport.Fake{RequestHeader: fields("A", "1", "a", "2", "Empty", "")}
	h := f.Exchange().Request.Header
	if got := h.Get("a"); !got.Is("1") {
		t.Errorf(`Get("a") = %q, want "1"`, got)
	}
	if got := h.Get("Empty"); got == nil || len(got) != 0 {
		t.Errorf(`Get("Empty") = %v, want empty and not nil`, got)
	}
	if got := h.Get("B"); got != nil {
		t.Errorf(`Get("B") = %q, want nil`, got)
	}
}

func TestListsKeepTheirOrder(t *testing.T) {
	f := sallyport.Fake{ReplyHeader: fields("A", "1", "B", "", "a", "2")}
	h := f.Exchange().Reply.Header
	var values, names, all []string
	for v := range h.Values("A") {
		values = append(values, v.String())
	}
	for n := range h.Names() {
		names = append(names, n.String())
	}
	for n, v := range h.All() {
		all = append(all, n.String()+"="+v.String())
	}
	for _, c := range []struct{ what, got, want string }{
		{"Values", strings.Join(values, " "), "1 2"},
		{"Names", strings.Join(names, " "), "A B"},
		{"All", strings.Join(all, " "), "A=1 B= a=2"},
	} {
		if c.got != c.want {
			t.Errorf("%s() = %q, want %q", c.what, c.got, c.want)
		}
	}
}

func TestEditsOfHeaderFields(t *testing.T) {
	f := sallyport.Fake{RequestHeader: fields("A", "1", "B", "1", "a", "2", "C", "1")}
	h := f.Exchange().Request.Header
	if err := errors.Join(h.Set("a", "3"), h.AddBytes("B", []byte("2")), h.Del("c"), h.SetBytes("D", nil)); err != nil {
		t.Fatal(err)
	}
	want := fields("a", "3", "B", "1", "B", "2", "D", "")
	if !slices.Equal(f.RequestHeader, want) {
		t.Errorf("request header = %v, want %v", f.RequestHeader, want)
	}
}

func TestValuesLargerThanTheBufferAreRead(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	f := sallyport.Fake{URI: "/" + long, RequestBody: []byte(long), RequestHeader: fields("Long", long)}
	x := f.Exchange()
	first := x.Request.URI()
	body, err := x.Request.Body()
	if err != nil || string(body) != long {
		t.Errorf("Body() has %d bytes and error %v, want %d", len(body), err, len(long))
	}
	if got := x.Request.Header.Get("Long"); !got.Is(long) {
		t.Errorf("Get() has %d bytes, want %d", len(got), len(long))
	}
	if !first.Is("/" + long) {
		t.Error("an earlier value changed when the buffer grew")
	}
}

func TestBodiesAreSpliced(t *testing.T) {
	f := sallyport.Fake{RequestBody: []byte("hello"), ReplyBody: []byte("ok")}
	x := f.Exchange()
	err := errors.Join(
		x.Request.SpliceBody(1, 3, []byte("ipp")),
		x.Request.SpliceBody(99, 0, []byte("!")),
		x.Reply.SpliceBody(0, 99, []byte("no")),
	)
	if err != nil || !bytes.Equal(f.RequestBody, []byte("hippo!")) || !bytes.Equal(f.ReplyBody, []byte("no")) {
		t.Errorf("bodies are %q and %q (%v), want hippo! and no", f.RequestBody, f.ReplyBody, err)
	}
}

func TestTheResponseHookCannotEditTheRequest(t *testing.T) {
	f := sallyport.Fake{Hook: "response"}
	x := f.Exchange()
	for what, err := range map[string]error{
		"SetMethod": x.Request.SetMethod("PUT"),
		"SetBody":   x.Request.SetBody(nil),
		"Set":       x.Request.Header.Set("A", "1"),
	} {
		if !errors.Is(err, sallyport.ErrReadOnly) {
			t.Errorf("%s() = %v, want %v", what, err, sallyport.ErrReadOnly)
		}
	}
	if err := x.Reply.SetStatus(201); err != nil || x.Reply.Status() != 201 {
		t.Errorf("SetStatus() = %v, status %d", err, x.Reply.Status())
	}
}

func TestConfigurationAndSession(t *testing.T) {
	f := sallyport.Fake{
		Hook:   "auth",
		Config: []byte(`{"issuer":"https://idp","n":7}`),
		API:    sallyport.FakeAPI{ID: "a1", Config: []byte(`{"tier":"gold"}`)},
	}
	x := f.Exchange()
	if x.Session.Get("alias") != nil {
		t.Error("there is a session before one was set")
	}
	err := errors.Join(
		x.Session.Set(`{"alias":"ann","rate":5,"meta_data":{"plan":"free"}}`),
		x.Session.SetMetadata(`{"plan":"pro"}`),
		x.Meta.Set("seen", "1"),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		got  sallyport.Value
		want string
	}{
		{"Config", x.Config("issuer"), "https://idp"},
		{"Config", x.Config("n"), "7"},
		{"API.Config", x.API.Config("tier"), "gold"},
		{"API.ID", x.API.ID(), "a1"},
		{"Session", x.Session.Get("alias"), "ann"},
		{"Session", x.Session.Get("rate"), "5"},
		{"Metadata", x.Session.Metadata("plan"), "pro"},
		{"Meta", x.Meta.Get("seen"), "1"},
	} {
		if !c.got.Is(c.want) {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
	if x.Config("none") != nil || x.Meta.Get("none") != nil {
		t.Error("a value that is not there is not nil")
	}
}
