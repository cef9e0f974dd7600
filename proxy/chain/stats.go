package chain

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Stats counts the calls of one step. All methods are safe for concurrent
// use; recording does not allocate.
type Stats struct {
	calls    atomic.Uint64
	responds atomic.Uint64
	skipped  atomic.Uint64
	refused  atomic.Uint64
	nanos    atomic.Int64
	faults   [abi.KindCount]atomic.Uint64
	buckets  [bucketCount]atomic.Uint64
}

// The histogram has four buckets per power of two, from 256 ns to about 8 s:
// quantiles are right to within a quarter.
const (
	bucketMin   = 8  // 2^8 ns
	bucketMax   = 33 // 2^33 ns
	bucketCount = (bucketMax - bucketMin) * 4
)

func (s *Stats) record(v abi.Verdict, took time.Duration, err error) {
	s.calls.Add(1)
	s.nanos.Add(int64(took))
	s.buckets[bucketOf(took)].Add(1)
	switch {
	case err != nil:
		s.faults[abi.KindOf(err)].Add(1)
	case v == abi.Respond:
		s.responds.Add(1)
	}
}

// refuse counts a call that the breaker did not make. It is a fault, but took no
// time that says something about the plugin.
func (s *Stats) refuse() {
	s.refused.Add(1)
	s.faults[abi.Unavailable].Add(1)
}

// bucketOf returns the bucket of a duration.
func bucketOf(d time.Duration) int {
	n := uint64(max(d, 1<<bucketMin))
	exp := bits.Len64(n) - 1
	quarter := int(n>>(exp-2)) & 3
	return min((exp-bucketMin)*4+quarter, bucketCount-1)
}

// bucketTop returns the largest duration of a bucket.
func bucketTop(i int) time.Duration {
	exp, quarter := i/4+bucketMin, i%4
	return time.Duration(uint64(5+quarter)<<(exp-2)) - 1
}

// Snapshot is a reading of Stats. Its parts are read one after another: they
// may be apart by the calls that ended in between.
type Snapshot struct {
	Calls    uint64
	Responds uint64 // calls that ended the request
	Skipped  uint64 // faults that the open policy let pass
	Refused  uint64 // calls that the breaker did not make; they are not in Calls
	Total    time.Duration
	Faults   [abi.KindCount]uint64

	buckets [bucketCount]uint64
}

// Snapshot reads the counts.
func (s *Stats) Snapshot() Snapshot {
	out := Snapshot{
		Calls:    s.calls.Load(),
		Responds: s.responds.Load(),
		Skipped:  s.skipped.Load(),
		Refused:  s.refused.Load(),
		Total:    time.Duration(s.nanos.Load()),
	}
	for i := range s.faults {
		out.Faults[i] = s.faults[i].Load()
	}
	for i := range s.buckets {
		out.buckets[i] = s.buckets[i].Load()
	}
	return out
}

// Quantile returns an upper bound, tight to a quarter, of the time that the
// given share of calls took: Quantile(0.99) is the 99th percentile. It is 0
// without calls.
func (s *Snapshot) Quantile(q float64) time.Duration {
	var total, seen uint64
	for _, n := range s.buckets {
		total += n
	}
	for i, n := range s.buckets {
		seen += n
		if n > 0 && float64(seen) >= q*float64(total) {
			return bucketTop(i)
		}
	}
	return 0
}

// FaultCount returns the number of faults of all kinds.
func (s *Snapshot) FaultCount() uint64 {
	var n uint64
	for _, f := range s.Faults {
		n += f
	}
	return n
}

// Plus returns the counts of both snapshots together.
func (s Snapshot) Plus(other Snapshot) Snapshot { return s.combine(&other, 1) }

// Since returns what was counted after an earlier snapshot of the same steps.
func (s Snapshot) Since(earlier Snapshot) Snapshot { return s.combine(&earlier, -1) }

// combine adds the counts of other, each times sign. Counts wrap as unsigned
// numbers do, so that -1 subtracts.
func (s Snapshot) combine(other *Snapshot, sign int64) Snapshot {
	n := uint64(sign)
	s.Calls += n * other.Calls
	s.Responds += n * other.Responds
	s.Skipped += n * other.Skipped
	s.Refused += n * other.Refused
	s.Total += time.Duration(sign) * other.Total
	for i := range s.Faults {
		s.Faults[i] += n * other.Faults[i]
	}
	for i := range s.buckets {
		s.buckets[i] += n * other.buckets[i]
	}
	return s
}
