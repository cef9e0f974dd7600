package hostapi_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

func TestWhoIsGivenTheSession(t *testing.T) {
	for _, c := range []struct {
		name    string
		options hostapi.Options
		hooks   abi.HookSet
	}{
		{"nobody asks", hostapi.Options{}, abi.SetOf(abi.Response, abi.Event)},
		{"required", hostapi.Options{RequireSession: true}, abi.SetOf(abi.PostKeyAuth, abi.RateLimit, abi.Post, abi.Virtual, abi.Response, abi.Event)},
		{"used", hostapi.Options{UseSession: true}, abi.SetOf(abi.PostKeyAuth, abi.RateLimit, abi.Post, abi.Virtual, abi.Response, abi.Event)},
	} {
		for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post, abi.Virtual, abi.Response, abi.Event} {
			if got := c.options.Gives(h); got != c.hooks.Has(h) {
				t.Errorf("%s: Gives(%v) = %v", c.name, h, got)
			}
		}
	}
}

// looked is a [hostapi.Looker] that remembers what it has seen.
type looked struct {
	times     int
	noSession bool
}

func (l *looked) Look(_ abi.Hook, _ []byte, noSession bool) {
	l.times, l.noSession = l.times+1, noSession
}

func TestResultsOfRequestHooksAreLookedAt(t *testing.T) {
	for result, want := range map[string]looked{
		`{"Request":{"Body":"Yg=="},"Session":{}}`:                           {times: 1},
		`{"Request":{"Body":"Yg=="}}`:                                        {times: 1, noSession: true},
		`{"Request":{"Body":"Yg==","ReturnOverrides":{"ResponseCode":403}}}`: {times: 1},
		`[`: {},
	} {
		var got looked
		x := &abi.Exchange{API: &abi.API{}}
		x.Begin(abi.Auth, time.Now().Add(time.Minute))
		_, err := new(hostapi.Options).Apply(x, []byte(result), &got)
		if got != want || (err != nil) != (want.times == 0) {
			t.Errorf("%s: looked at %+v, %v; want %+v", result, got, err, want)
		}
	}
}

func TestResultsAreApplied(t *testing.T) {
	for _, c := range []struct {
		hook   abi.Hook
		result string
		valid  bool
	}{
		{abi.Event, `not looked at`, true},
		{abi.Pre, `{"Request":{"Body":"Yg=="}}`, true},
		{abi.Response, `{}`, true},
		{abi.Virtual, `{"Response":{"Code":201,"Body":"b"}}`, true},
		{abi.Pre, `nothing`, false},
		{abi.Response, `nothing`, false},
		{abi.Virtual, `nothing`, false},
	} {
		x := &abi.Exchange{API: &abi.API{}}
		x.Begin(c.hook, time.Now().Add(time.Minute))
		v, err := new(hostapi.Options).Apply(x, []byte(c.result), nil)
		if (err == nil) != c.valid || err != nil && abi.KindOf(err) != abi.Protocol {
			t.Errorf("%v %s: %v, want valid = %v", c.hook, c.result, err, c.valid)
		}
		if c.hook == abi.Virtual && err == nil && (v != abi.Respond || string(x.Reply.Body) != "b") {
			t.Errorf("%v: verdict %v, reply %q", c.hook, v, x.Reply.Body)
		}
	}
}
