package chain_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/proxy/chain"
)

// tyk makes a chain follow Tyk's rules.
func tyk(cfg *chain.Config) { cfg.API.Dialect = dialect.New() }

func reject(status int) func(*abi.Exchange) (abi.Verdict, error) {
	return func(x *abi.Exchange) (abi.Verdict, error) { return abi.Respond, x.Reject(status, []byte("no")) }
}

// tracer returns steps that note their hook before they do something.
func tracer() (calls *[]string, trace func(do func(*abi.Exchange) (abi.Verdict, error)) *chain.Step) {
	calls = new([]string)
	return calls, func(do func(*abi.Exchange) (abi.Verdict, error)) *chain.Step {
		return step("p", func(x *abi.Exchange) (abi.Verdict, error) {
			*calls = append(*calls, x.Hook.String())
			if x.Hook == abi.Auth && do == nil {
				return allow(x)
			}
			if do == nil {
				return abi.Continue, nil
			}
			return do(x)
		})
	}
}

func TestVirtualComesBeforePostUnderTyksRules(t *testing.T) {
	for _, tt := range []struct {
		name    string
		virtual func(*abi.Exchange) (abi.Verdict, error)
		open    bool
		uri     string
		want    []string
		next    chain.Next
		fault   bool
	}{
		{"answers", respond(200), false, "/orders", []string{"pre", "auth", "post_key_auth", "rate_limit", "virtual", "response"}, chain.Answered, false},
		{"another path", respond(200), false, "/other", []string{"pre", "auth", "post_key_auth", "rate_limit", "post"}, chain.Forward, false},
		{"fails", fail, false, "/orders", []string{"pre", "auth", "post_key_auth", "rate_limit", "virtual"}, chain.Failed, true},
		{"fails open", fail, true, "/orders", []string{"pre", "auth", "post_key_auth", "rate_limit", "virtual", "post"}, chain.Forward, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, trace := tracer()
			v := trace(tt.virtual)
			if tt.open {
				v.OnFault = chain.Open
			}
			s := steps{abi.Virtual: v}
			for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post, abi.Response} {
				s[h] = trace(nil)
			}
			next, err := build(t, s, tyk).HandleRequest(request("GET", tt.uri))
			if next != tt.next || (err != nil) != tt.fault {
				t.Errorf("HandleRequest() = %v, %v", next, err)
			}
			if diff := cmp.Diff(tt.want, *calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResponseHooksSeeForcedReplies(t *testing.T) {
	for _, tt := range []struct {
		hook   abi.Hook
		answer func(*abi.Exchange) (abi.Verdict, error)
		tyk    bool
		native bool
	}{
		{abi.Pre, respond(200), false, false},
		{abi.Auth, respond(200), false, false},
		{abi.PostKeyAuth, respond(200), true, false},
		{abi.RateLimit, respond(429), false, false},
		{abi.Post, respond(200), true, false},
		{abi.Virtual, respond(200), true, true},
		{abi.PostKeyAuth, reject(403), false, false},
		{abi.Post, reject(403), false, false},
		{abi.Virtual, reject(403), false, false},
	} {
		for _, d := range []*abi.Dialect{nil, dialect.New()} {
			t.Run(d.String()+" "+tt.hook.String(), func(t *testing.T) {
				seen := false
				c := build(t, steps{tt.hook: step("p", tt.answer), abi.Response: step("r", func(*abi.Exchange) (abi.Verdict, error) {
					seen = true
					return abi.Continue, nil
				})}, func(cfg *chain.Config) { cfg.API.Dialect = d })
				if v, err := c.HandleRequest(request("GET", "/orders")); v != chain.Answered || err != nil {
					t.Fatalf("HandleRequest() = %v, %v", v, err)
				}
				if want := (d != nil && tt.tyk) || (d == nil && tt.native); seen != want {
					t.Errorf("the response hook ran = %v, want %v", seen, want)
				}
			})
		}
	}
}

func TestAFailingResponseHookTakesAForcedReplyBack(t *testing.T) {
	c := build(t, steps{abi.Post: step("p", respond(200)), abi.Response: step("r", fail)}, tyk)
	v, err := c.HandleRequest(request("GET", "/orders"))
	if f, ok := err.(*chain.Fault); !ok || v != chain.Failed || f.Hook != abi.Response {
		t.Errorf("HandleRequest() = %v, %v, want the fault of the response hook", v, err)
	}
}

func TestAnAPIForTykFollowsItsRules(t *testing.T) {
	if c := build(t, nil); c.Dialect() != nil || c.Dialect().String() != "native" {
		t.Errorf("Dialect() = %v without a word about it", c.Dialect())
	}
	if c := build(t, nil, tyk); c.Dialect() == nil || c.Dialect().String() != "tyk" {
		t.Errorf("Dialect() = %v of an API for Tyk", c.Dialect())
	}
}

func TestSessionsArePassedOnToBeSaved(t *testing.T) {
	saved := &abi.Session{KeyID: "k1"}
	metadata := func(status int) func(*abi.Exchange) (abi.Verdict, error) {
		return func(x *abi.Exchange) (abi.Verdict, error) {
			if err := x.SetMetadata(map[string]any{"a": "b"}); err != nil || status == 0 {
				return abi.Continue, err
			}
			return respond(status)(x)
		}
	}
	auth := func(set func(x *abi.Exchange) error) *chain.Step {
		return step("auth", func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, set(x) })
	}
	known := auth(func(x *abi.Exchange) error { return x.UseSession(saved) })
	for _, tt := range []struct {
		name string
		s    steps
		want []string
	}{
		{"found in the store", steps{abi.Auth: known}, nil},
		{"new", steps{abi.Auth: auth(func(x *abi.Exchange) error { return x.SetSession(saved) })}, []string{"auth k1 map[]"}},
		{"new without a key id", steps{abi.Auth: auth(func(x *abi.Exchange) error { return x.SetSession(&abi.Session{}) })}, nil},
		{"metadata", steps{abi.Auth: known, abi.Post: step("p", metadata(0))}, []string{"post k1 map[a:b]"}},
		{"metadata, then rejected by the same plugin", steps{abi.Auth: known, abi.Post: step("p", metadata(403))}, []string{"post k1 map[a:b]"}},
		{"metadata, then rejected", steps{abi.Auth: known, abi.PostKeyAuth: step("p", metadata(0)), abi.Post: step("q", respond(403))}, []string{"post_key_auth k1 map[a:b]"}},
		{"metadata of a plugin that fails", steps{abi.Auth: known, abi.Post: step("p", func(x *abi.Exchange) (abi.Verdict, error) {
			_, _ = metadata(0)(x)
			return abi.Continue, errCrash
		})}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			c := build(t, tt.s, func(cfg *chain.Config) {
				cfg.Save = func(deadline time.Time, h abi.Hook, s *abi.Session) error {
					if left := time.Until(deadline); left <= 0 || left > chain.DefaultTimeout {
						t.Errorf("deadline in %v", left)
					}
					got = append(got, h.String()+" "+s.KeyID+" "+text(s.Metadata))
					return nil
				}
			})
			_, _ = c.HandleRequest(request("GET", "/orders"))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("saved (-want +got):\n%s", diff)
			}
		})
	}
}

func text(metadata map[string]any) string {
	if len(metadata) == 0 {
		return "map[]"
	}
	b, _ := json.Marshal(metadata)
	return "map[" + regexp.MustCompile(`[{}"]`).ReplaceAllString(string(b), "") + "]"
}

func TestSessionsOfAStepMayBeForThisRequestOnly(t *testing.T) {
	s := step("auth", allow)
	s.NoSave = true
	c := build(t, steps{abi.Auth: s}, func(cfg *chain.Config) {
		cfg.Save = func(time.Time, abi.Hook, *abi.Session) error {
			t.Error("the session is saved")
			return nil
		}
	})
	_, _ = c.HandleRequest(request("GET", "/orders"))
}

func TestASessionThatCannotBeSavedIsObservedAndEndsNothing(t *testing.T) {
	var seen []abi.Kind
	c := build(t, steps{abi.Auth: step("auth", allow)}, func(cfg *chain.Config) {
		cfg.Save = func(time.Time, abi.Hook, *abi.Session) error { return errCrash }
		cfg.Observe = func(_ *abi.Exchange, f *chain.Fault) { seen = append(seen, f.Err.Kind) }
	})
	if v, err := c.HandleRequest(request("GET", "/orders")); v != chain.Forward || err != nil {
		t.Errorf("HandleRequest() = %v, %v, want continue", v, err)
	}
	if diff := cmp.Diff([]abi.Kind{abi.Unavailable}, seen); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestEventsForTykCarryItsPayload(t *testing.T) {
	cause := func(c abi.Cause) func(*abi.Exchange) (abi.Verdict, error) {
		return func(x *abi.Exchange) (abi.Verdict, error) {
			if err := x.SetCause(c); err != nil {
				return abi.Continue, err
			}
			return reject(403)(x)
		}
	}
	session := step("auth", allow)
	for _, tt := range []struct {
		name, event string
		s           steps
		want        map[string]any
	}{
		{
			"a key that is not known", "AuthFailure",
			steps{abi.Auth: step("p", cause(abi.Cause{Event: abi.AuthFailure, Message: "m", Key: []byte("bad")}))},
			map[string]any{"Message": "m", "Key": "bad"},
		},
		{"a key that ran out", "KeyExpired", steps{abi.Auth: session, abi.PostKeyAuth: step("p", cause(abi.Cause{Event: abi.KeyExpired}))}, map[string]any{"Message": "", "Key": "k1"}},
		{"rate limit", "RatelimitExceeded", steps{abi.Auth: session, abi.RateLimit: step("p", respond(429))}, map[string]any{"Message": "", "Key": "k1"}},
		{"quota", "QuotaExceeded", steps{abi.Auth: session, abi.RateLimit: step("p", cause(abi.Cause{Event: abi.QuotaExceeded}))}, map[string]any{"Message": "", "Key": "k1"}},
		{"version", "VersionFailure", steps{abi.Pre: step("p", cause(abi.Cause{Event: abi.VersionFailure, Reason: "r"}))}, map[string]any{"Message": "", "Key": "", "Reason": "r"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var n abi.Notice
			var meta map[string]any
			tt.s[abi.Event] = step("s", func(x *abi.Exchange) (abi.Verdict, error) {
				n = x.Notice
				return abi.Continue, json.Unmarshal(x.Notice.Data, &meta)
			})
			c := build(t, tt.s, tyk)
			x := request("GET", "/orders?a=b")
			x.Request.RemoteAddr, x.Request.Body = []byte("203.0.113.9:4711"), []byte("body")
			x.Request.Header = abi.Header{{Name: []byte("A"), Value: []byte("b")}}
			before := time.Now()
			_, _ = c.HandleRequest(x)
			c.Close()
			if string(n.Name) != tt.event || n.Time.Before(before) {
				t.Errorf("event %s at %v, want %s", n.Name, n.Time, tt.event)
			}
			origin, _ := base64.StdEncoding.DecodeString(meta["OriginatingRequest"].(string))
			if want := "GET /orders?a=b HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\nbody"; string(origin) != want {
				t.Errorf("OriginatingRequest = %q, want %q", origin, want)
			}
			delete(meta, "OriginatingRequest")
			tt.want["Path"], tt.want["Origin"] = "/orders", "203.0.113.9"
			if diff := cmp.Diff(tt.want, meta); diff != "" {
				t.Errorf("Meta (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAScriptThatRejectsInAuthSendsNoEvent(t *testing.T) {
	var s subscriber
	c := build(t, steps{abi.Auth: step("p", respond(401)), abi.Event: step("s", s.call)}, tyk)
	_, _ = c.HandleRequest(request("GET", "/orders"))
	c.Close()
	if len(s.told) > 0 {
		t.Errorf("events = %q", s.told)
	}
}

func TestALargeRequestIsToldInPart(t *testing.T) {
	var size int
	c := build(t, steps{abi.RateLimit: step("p", respond(429)), abi.Event: step("s", func(x *abi.Exchange) (abi.Verdict, error) {
		size = len(x.Notice.Data)
		return abi.Continue, nil
	})}, tyk)
	x := request("POST", "/orders")
	x.Request.Body = make([]byte, 8<<20)
	_, _ = c.HandleRequest(x)
	c.Close()
	if size == 0 || size > 100<<10 {
		t.Errorf("an event of %d bytes", size)
	}
}

func TestSubscribersChooseTheirEvents(t *testing.T) {
	var some, all, none subscriber
	bind := func(s *subscriber, names ...string) *chain.Step {
		one := step("s", s.call)
		one.Events = names
		return one
	}
	c := build(t, steps{abi.Auth: step("auth", allow), abi.RateLimit: step("p", func(x *abi.Exchange) (abi.Verdict, error) {
		if string(x.Request.Method) == "PUT" {
			_ = x.SetCause(abi.Cause{Event: abi.QuotaExceeded, Message: "m"})
		}
		return respond(429)(x)
	})}, func(cfg *chain.Config) {
		cfg.Steps[abi.Event] = []*chain.Step{bind(&some, "QuotaExceeded"), bind(&all), bind(&none, "PluginFault")}
	})
	_, _ = c.HandleRequest(request("GET", "/"))
	_, _ = c.HandleRequest(request("PUT", "/"))
	c.Close()
	const about = `{"api":"orders","request_id":"r1","path":"/","plugin":"p","hook":"rate_limit","status":429`
	if diff := cmp.Diff([]string{"QuotaExceeded " + about + `,"message":"m"}`}, some.told); diff != "" {
		t.Errorf("the one that asked for one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"RateLimitExceeded " + about + "}", "QuotaExceeded " + about + `,"message":"m"}`}, all.told); diff != "" {
		t.Errorf("the one that asked for all (-want +got):\n%s", diff)
	}
	if len(none.told) > 0 {
		t.Errorf("the one that asked for another: %q", none.told)
	}
}
