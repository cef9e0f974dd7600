package builtin

import (
	"math"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/store"
)

// maxWindow keeps windows far from the range of a Duration.
const maxWindow = 10 * 365 * 24 * time.Hour

// rateLimit turns away requests above the rate of their session.
type rateLimit struct {
	base
	counters store.Counters
}

func loadRateLimit(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	if err := decode(s, &struct{}{}); err != nil {
		return nil, err
	}
	return &rateLimit{counters: r.store}, nil
}

// Declares implements [abi.Plugin].
func (*rateLimit) Declares() abi.Declaration {
	return abi.Declaration{Hooks: abi.SetOf(abi.RateLimit)}
}

// Call implements [abi.Plugin]. A request without a session, and a session
// without a KeyID or a rate, is not limited: there is nothing to count by.
func (l *rateLimit) Call(x *abi.Exchange) (abi.Verdict, error) {
	s := x.Session
	// Written so that a rate that is no number counts as none.
	if s == nil || s.KeyID == "" || !(s.Rate > 0) || !(s.Per > 0) {
		return abi.Continue, nil
	}
	limit, window := windowOf(s.Rate, s.Per)
	n, left, err := l.counters.Count(x.Deadline, "rate", s.KeyID, window)
	if err != nil {
		return abi.Respond, unavailable(err)
	}
	if n <= limit {
		return abi.Continue, nil
	}
	return tooMany(x, left)
}

// tooMany answers 429 and says when the next window begins.
func tooMany(x *abi.Exchange, left time.Duration) (abi.Verdict, error) {
	if v, err := reject(x, 429, "rate limit exceeded"); err != nil {
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
