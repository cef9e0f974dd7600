package sallyport_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

func TestValuesAreKeptInTheStore(t *testing.T) {
	f := sallyport.Fake{}
	kv := f.Exchange().KV
	if got, err := kv.Get("k"); got != nil || err != nil {
		t.Errorf("Get() = %q, %v before anything was kept, want nil", got, err)
	}
	first, err := kv.SetIfAbsent("k", "one", time.Second)
	second, err2 := kv.SetIfAbsent("k", "two", time.Second)
	if !first || second || errors.Join(err, err2) != nil {
		t.Errorf("SetIfAbsent() = %v and then %v (%v, %v)", first, second, err, err2)
	}
	if got, _ := kv.Get("k"); !got.Is("one") {
		t.Errorf("Get() = %q, want one", got)
	}
	if err := errors.Join(kv.SetBytes("k", nil, 0), kv.Set("other", "x", 0), kv.Del("other")); err != nil {
		t.Fatal(err)
	}
	if got, _ := kv.Get("k"); got == nil || len(got) != 0 {
		t.Errorf("Get() = %v, want empty and not nil", got)
	}
	for want := int64(2); want <= 4; want += 2 {
		if got, err := kv.Incr("n", 2, time.Minute); got != want || err != nil {
			t.Errorf("Incr() = %d, %v, want %d", got, err, want)
		}
	}
	if want := map[string]string{"k": "", "n": "4"}; !maps.Equal(f.KV, want) {
		t.Errorf("the store has %v, want %v", f.KV, want)
	}
	if err := kv.Set("k", "v", -1); !errors.Is(err, sallyport.ErrInvalid) {
		t.Errorf("Set() for a negative time = %v, want %v", err, sallyport.ErrInvalid)
	}
}

func TestLargeValuesAreRead(t *testing.T) {
	long := strings.Repeat("x", 60_000)
	f := sallyport.Fake{KV: map[string]string{"k": long}, Env: map[string]string{"E": long}}
	x := f.Exchange()
	if got, err := x.KV.Get("k"); !got.Is(long) || err != nil {
		t.Errorf("Get() has %d bytes, %v", len(got), err)
	}
	if got := x.Env("E"); !got.Is(long) {
		t.Errorf("Env() has %d bytes", len(got))
	}
	if got := x.Env("none"); got != nil {
		t.Errorf("Env() = %q for a value that is not set, want nil", got)
	}
}

func TestRequestsAreAnswered(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	f := sallyport.Fake{HTTP: func(q sallyport.HTTPRequest) (sallyport.FakeResponse, error) {
		if q.URL == "" {
			return sallyport.FakeResponse{}, sallyport.ErrDenied
		}
		header := append(fields("Method", q.Method), q.Header...)
		return sallyport.FakeResponse{Status: 201, Header: header, Body: append(q.Body, long...)}, nil
	}}
	h := f.Exchange().HTTP
	got, err := h.Do(sallyport.HTTPRequest{Method: "POST", URL: "https://idp/", Header: fields("A", "1", "B", ""), Body: []byte("hi")})
	if err != nil || got.Status != 201 || !got.Body().Is("hi"+long) {
		t.Errorf("Do() = %d, %v", got.Status, err)
	}
	var all []string
	for name, value := range got.Headers() {
		all = append(all, name.String()+"="+value.String())
	}
	if s := strings.Join(all, " "); s != "Method=POST A=1 B=" {
		t.Errorf("Headers() = %q", s)
	}
	if !got.Header("a").Is("1") || got.Header("none") != nil {
		t.Errorf("Header() = %q and %q, want 1 and nil", got.Header("a"), got.Header("none"))
	}
	next, err := h.Get("https://idp/")
	if err != nil || !next.Header("method").Is("GET") {
		t.Errorf("Get() = %v, %v", next.Header("method"), err)
	}
	if _, err := h.Get(""); !errors.Is(err, sallyport.ErrDenied) {
		t.Errorf("Get() = %v, want %v", err, sallyport.ErrDenied)
	}
	if next.Body() != nil || next.Header("method") != nil {
		t.Error("the response is held after the next request")
	}
}

func TestWithoutAServerRequestsFail(t *testing.T) {
	f := sallyport.Fake{}
	if _, err := f.Exchange().HTTP.Get("https://idp/"); !errors.Is(err, sallyport.ErrUnavailable) {
		t.Errorf("Get() = %v, want %v", err, sallyport.ErrUnavailable)
	}
	f.HTTP = func(sallyport.HTTPRequest) (sallyport.FakeResponse, error) {
		return sallyport.FakeResponse{}, errors.New("connection refused")
	}
	if _, err := f.Exchange().HTTP.Get("https://idp/"); !errors.Is(err, sallyport.ErrUnavailable) {
		t.Errorf("Get() = %v, want %v", err, sallyport.ErrUnavailable)
	}
}

func TestMetricsAreMeasured(t *testing.T) {
	f := sallyport.Fake{}
	m := f.Exchange().Metrics
	err := errors.Join(
		m.Add("lookups", 1, "outcome", "hit"),
		m.Add("lookups", 2, "outcome", "hit"),
		m.Set("depth", 7),
	)
	want := map[string]float64{"lookups outcome=hit": 3, "depth": 7}
	if err != nil || !maps.Equal(f.Metrics, want) {
		t.Errorf("metrics = %v, %v, want %v", f.Metrics, err, want)
	}
}
