package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Client is a number of open connections to one address. Its methods must not
// be called at the same time.
//
// After an error, or a result with [Summary.Late] above zero, connections may
// have an answer left: close the client.
type Client struct {
	sleeper func() sleeper

	conns []*conn
	seen  []*hdrhistogram.Histogram // of each connection
	other []*hdrhistogram.Histogram
}

// Summary is what a run found. Latencies are in nanoseconds.
type Summary struct {
	Requests int           // answered
	Took     time.Duration // until the last of them was
	Latency  *hdrhistogram.Histogram

	// Other are the latencies of the requests of [Pace.Other], which Latency
	// does not have; nil without them.
	Other *hdrhistogram.Histogram

	// Late is how many requests were not answered when the time for the rest
	// of an open loop was over. The server could not keep up with the rate.
	Late int
}

// Rate returns the answered requests of a second.
func (r *Summary) Rate() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(r.Requests) / r.Took.Seconds()
}

// Dial opens n connections.
func Dial(ctx context.Context, addr string, n int) (*Client, error) {
	c := &Client{sleeper: newSleeper}
	var d net.Dialer
	for range n {
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("load: %w", err), c.Close())
		}
		c.add(conn)
	}
	return c, nil
}

func (c *Client) add(connection net.Conn) {
	c.conns = append(c.conns, newConn(connection))
	c.seen = append(c.seen, newHistogram())
	c.other = append(c.other, newHistogram())
}

// newHistogram spans 1 µs to one minute with three digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1e3, 60e9, 3) }

// Close closes the connections.
func (c *Client) Close() error {
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// Warm sends n requests on each connection.
func (c *Client) Warm(ctx context.Context, r LoadRequest, n int) error {
	_, err := c.run(ctx, never, func(i int) error {
		for range n {
			if err := c.conns[i].send(&r); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Busy keeps every connection busy for so long, and then waits for the answers
// that are due. A request that fails, or is answered with another status than
// it must, ends the run with an error.
func (c *Client) Busy(ctx context.Context, r LoadRequest, d time.Duration) (*Summary, error) {
	end := time.Now().Add(d)
	return c.run(ctx, never, func(i int) error {
		conn, seen := c.conns[i], c.seen[i]
		for begin := time.Now(); begin.Before(end); {
			if err := conn.send(&r); err != nil {
				return err
			}
			now := time.Now()
			record(seen, now.Sub(begin))
			begin = now
		}
		return nil
	})
}

// never is the deadline of connections that have none.
var never time.Time

// run runs work for each connection at the same time, not beyond end, and
// merges what they have seen. The end of ctx, and the first error, cut all of
// them off.
func (c *Client) run(ctx context.Context, end time.Time, work func(i int) error) (*Summary, error) {
	for i := range c.conns {
		c.seen[i].Reset()
		c.other[i].Reset()
		c.conns[i].expire(end)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, c.interrupt)
	start := time.Now()
	var all sync.WaitGroup
	for i := range c.conns {
		all.Go(func() {
			if err := work(i); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	stop()
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return c.result(took), nil
}

// interrupt ends all exchanges.
func (c *Client) interrupt() {
	for _, conn := range c.conns {
		conn.expire(time.Unix(1, 0))
	}
}

func (c *Client) result(took time.Duration) *Summary {
	r := &Summary{Took: took, Latency: newHistogram(), Other: newHistogram()}
	for i := range c.conns {
		r.Latency.Merge(c.seen[i])
		r.Other.Merge(c.other[i])
	}
	r.Requests = int(r.Latency.TotalCount() + r.Other.TotalCount())
	return r
}

// record notes a latency; one beyond the histogram counts as its largest.
func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Nanoseconds(), h.LowestTrackableValue()), h.HighestTrackableValue()))
}
