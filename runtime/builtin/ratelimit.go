package builtin

import (
	"math"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// maxWindow keeps windows far from the range of a Duration.
const maxWindow = 10 * 365 * 24 * time.Hour

// Spaces of the counters.
const (
	rateSpace = "rate"
	// QuotaSpace is the space in which rate-limit counts what a session has
	// used of its quota, by the session's KeyID.
	QuotaSpace = "quota"
)

// rateLimit turns away requests above the rate or the quota of their session.
type rateLimit struct {
	base
	store       Store
	form        form
	rate, quota bool
}

func loadRateLimit(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	cfg := struct {
		Rate  bool   `json:"rate"`
		Quota bool   `json:"quota"`
		Reply string `json:"reply"`
	}{Rate: true, Quota: true}
	if err := decode(s, &cfg, "rate", "quota", "reply"); err != nil {
		return nil, err
	}
	f, err := r.formOf(cfg.Reply)
	return &rateLimit{store: r.store, form: f, rate: cfg.Rate, quota: cfg.Quota}, err
}

// Declares implements [abi.Plugin].
func (*rateLimit) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.RateLimit)}
}

// Why there may be no more requests for now.
var (
	rateExceeded  = refusal{"rate_exceeded", 429, "rate limit exceeded", abi.RatelimitExceeded, "Key Rate Limit Exceeded", ""}
	quotaExceeded = refusal{"quota_exceeded", 429, "quota exceeded", abi.QuotaExceeded, "Key Quota Limit Exceeded", ""}
)

// Call implements [abi.Plugin]. A request without a session, and a session
// without a KeyID, is not limited: there is nothing to count by. What the rate
// turns away does not count against the quota.
func (l *rateLimit) Call(x *abi.Exchange) (abi.Verdict, error) {
	s := x.Session
	if s == nil || s.KeyID == "" {
		return abi.Continue, nil
	}
	// These comparisons fail for a rate that is not a number: it is no limit.
	if l.rate && s.Rate > 0 && s.Per > 0 {
		limit, window := windowOf(s.Rate, s.Per)
		if v, err := l.count(x, rateSpace, limit, window, &rateExceeded); v != abi.Continue || err != nil {
			return v, err
		}
	}
	if l.quota && s.QuotaMax > 0 {
		return l.count(x, QuotaSpace, s.QuotaMax, QuotaWindow(s), &quotaExceeded)
	}
	return abi.Continue, nil
}

// count counts the request and turns it away if it is one too many.
func (l *rateLimit) count(x *abi.Exchange, space string, limit int64, window time.Duration, r *refusal) (abi.Verdict, error) {
	n, left, err := l.store.Count(x.Deadline, space, x.Session.KeyID, window)
	if err != nil {
		return abi.Respond, unavailable(err)
	}
	if n <= limit {
		return abi.Continue, nil
	}
	return l.tooMany(x, left, r)
}

// tooMany answers and says when the next window begins.
func (l *rateLimit) tooMany(x *abi.Exchange, left time.Duration, r *refusal) (abi.Verdict, error) {
	if v, err := l.form.refuse(x, r, nil); err != nil {
		return v, err
	}
	var scratch [20]byte
	seconds := int64(math.Ceil(left.Seconds()))
	return abi.Respond, x.SetHeader(abi.OfReply, retryAfter, strconv.AppendInt(scratch[:0], max(seconds, 1), 10))
}

// windowOf returns how many requests pass in which window. Rates need not be
// whole: half a request a second is one in two seconds.
func windowOf(rate, per float64) (limit int64, window time.Duration) {
	whole := min(math.Floor(max(rate, 1)), math.MaxInt32)
	seconds := min(per*whole/rate, maxWindow.Seconds())
	return int64(whole), max(time.Duration(seconds*float64(time.Second)), 1)
}

// QuotaWindow returns how long a quota of the session stands until it is
// renewed. One that is never renewed stands as long as can be counted.
func QuotaWindow(s *abi.Session) time.Duration {
	if s.QuotaRenewalRate <= 0 || s.QuotaRenewalRate > int64(maxWindow/time.Second) {
		return maxWindow
	}
	return time.Duration(s.QuotaRenewalRate) * time.Second
}
