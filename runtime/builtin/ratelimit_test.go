package builtin_test

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

func TestRequestsAboveTheRateAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := load(t, store.NewMemory(), "rate-limit", "")
		s := &abi.Session{KeyID: "k1", Rate: 2, Per: 60}
		for i, want := range []abi.Verdict{abi.Continue, abi.Continue, abi.Respond} {
			if got := limited(t, p, s).verdict; got != want {
				t.Errorf("request %d: %v, want %v", i, got, want)
			}
		}
		time.Sleep(20*time.Second + time.Millisecond)
		got := limited(t, p, s)
		want := result{abi.Respond, 429, `{"error":"rate limit exceeded","request_id":"r1"}`, "40"}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
			t.Errorf("reply (-want +got):\n%s", diff)
		}
		time.Sleep(40 * time.Second)
		if got := limited(t, p, s).verdict; got != abi.Continue {
			t.Errorf("in the next window: %v, want continue", got)
		}
	})
}

func TestKeysAreLimitedApart(t *testing.T) {
	p := load(t, store.NewMemory(), "rate-limit", "")
	for _, id := range []string{"k1", "k2"} {
		if got := limited(t, p, &abi.Session{KeyID: id, Rate: 1, Per: 60}).verdict; got != abi.Continue {
			t.Errorf("first request of %s: %v, want continue", id, got)
		}
	}
}

func TestWithoutARateNothingIsLimited(t *testing.T) {
	p := load(t, store.NewMemory(), "rate-limit", "")
	for name, s := range map[string]*abi.Session{
		"no session": nil,
		"no key id":  {Rate: 1, Per: 60},
		"no rate":    {KeyID: "k1", Per: 60},
		"no period":  {KeyID: "k1", Rate: 1},
		"negative":   {KeyID: "k1", Rate: -1, Per: 60},
		"no number":  {KeyID: "k1", Rate: math.NaN(), Per: 60},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				if got := limited(t, p, s).verdict; got != abi.Continue {
					t.Fatalf("%v, want continue", got)
				}
			}
		})
	}
}

func TestRatesNeedNotBeWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := load(t, store.NewMemory(), "rate-limit", "")
		s := &abi.Session{KeyID: "k1", Rate: 0.5, Per: 1}
		for i, want := range []abi.Verdict{abi.Continue, abi.Respond, abi.Continue, abi.Respond} {
			if got := limited(t, p, s).verdict; got != want {
				t.Errorf("second %d: %v, want %v", i, got, want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestExtremeRatesDoNotOverflow(t *testing.T) {
	p := load(t, store.NewMemory(), "rate-limit", "")
	for name, s := range map[string]*abi.Session{
		"tiny rate":   {KeyID: "a", Rate: math.SmallestNonzeroFloat64, Per: 1},
		"huge rate":   {KeyID: "b", Rate: math.MaxFloat64, Per: 1},
		"huge period": {KeyID: "c", Rate: 1, Per: math.MaxFloat64},
		"infinite":    {KeyID: "d", Rate: math.Inf(1), Per: math.Inf(1)},
	} {
		if got := limited(t, p, s).verdict; got != abi.Continue {
			t.Errorf("%s: %v, want continue", name, got)
		}
	}
}

// result is what became of a request.
type result struct {
	verdict    abi.Verdict
	status     int
	body       string
	retryAfter string
}

func limited(t *testing.T, p abi.Plugin, s *abi.Session) result {
	t.Helper()
	x := request("GET /")
	x.Session = s
	x.Begin(abi.RateLimit, time.Time{})
	v, err := p.Call(x)
	if err != nil {
		t.Fatal(err)
	}
	x.Commit(v)
	wait, _ := x.Reply.Header.Get([]byte("Retry-After"))
	return result{v, x.Reply.Status, string(x.Reply.Body), string(wait)}
}

func TestQuotaIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := load(t, store.NewMemory(), "rate-limit", "")
		s := &abi.Session{KeyID: "k1", QuotaMax: 2, QuotaRenewalRate: 60}
		for i, want := range []abi.Verdict{abi.Continue, abi.Continue, abi.Respond} {
			if got := limited(t, p, s).verdict; got != want {
				t.Errorf("request %d: %v, want %v", i, got, want)
			}
		}
		time.Sleep(59 * time.Second)
		if got := limited(t, p, s); got.verdict != abi.Respond || got.retryAfter != "1" {
			t.Errorf("before it is renewed: %+v", got)
		}
		time.Sleep(time.Second)
		if got := limited(t, p, s).verdict; got != abi.Continue {
			t.Errorf("renewed: %v, want continue", got)
		}
	})
}

func TestQuotaWithoutAPeriodIsNeverRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := load(t, store.NewMemory(), "rate-limit", "")
		s := &abi.Session{KeyID: "k1", QuotaMax: 1, QuotaRenewalRate: math.MaxInt64}
		limited(t, p, s)
		time.Sleep(365 * 24 * time.Hour)
		if got := limited(t, p, s).verdict; got != abi.Respond {
			t.Errorf("a year later: %v, want respond", got)
		}
	})
}

func TestWhatTheRateTurnsAwayIsNotOfTheQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := load(t, store.NewMemory(), "rate-limit", "")
		s := &abi.Session{KeyID: "k1", Rate: 1, Per: 1, QuotaMax: 2}
		for range 5 {
			limited(t, p, s)
		}
		time.Sleep(time.Second)
		if got := limited(t, p, s).verdict; got != abi.Continue {
			t.Errorf("second request of the quota: %v, want continue", got)
		}
		time.Sleep(time.Second)
		if got := limited(t, p, s).verdict; got != abi.Respond {
			t.Errorf("third request of the quota: %v, want respond", got)
		}
	})
}

func TestLimitsCanBeSwitchedOff(t *testing.T) {
	s := &abi.Session{KeyID: "k1", Rate: 1, Per: 60, QuotaMax: 1}
	for config, want := range map[string]string{
		`{"rate": false}`:                 "quota exceeded",
		`{"quota": false}`:                "rate limit exceeded",
		`{"rate": false, "quota": false}`: "",
	} {
		p := load(t, store.NewMemory(), "rate-limit", config)
		limited(t, p, s)
		if got := limited(t, p, s); (want == "") != (got.verdict == abi.Continue) || !strings.Contains(got.body, want) {
			t.Errorf("%s: %+v, want %q", config, got, want)
		}
	}
}
