// Package load is a load generator for HTTP/1.1 that costs little itself and
// tells the truth about latency.
//
// A [Client] keeps a number of connections to one address and sends the same
// bytes on each of them, one request at a time. In the closed loop, [Client.Busy],
// each connection sends as soon as it has its answer: that shows what a server
// can do and what it costs. In the open loop, [Client.Paced], requests are due
// at fixed times whatever the server does, and a latency counts from the time
// the request was due: a server that stalls is charged for everybody who would
// have come meanwhile. Generators that wait for the answer before they take
// the time leave exactly these out (coordinated omission).
//
// Sending and receiving allocates nothing once the connections are warm.
package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Pace is an open loop: when requests are due.
type Pace struct {
	Rate     float64       // requests a second
	Duration time.Duration // in which they are due

	// Grace is how long is waited at the end for requests that are due and
	// not answered; 0 means a second.
	Grace time.Duration

	// Every so many requests one is Other instead; 0 is never.
	Every int
	Other Shot
}

func (p *Pace) grace() time.Duration {
	if p.Grace > 0 {
		return p.Grace
	}
	return time.Second
}

// Validate says what is wrong with the pace.
func (p *Pace) Validate() error {
	if p.Rate <= 0 || p.Duration <= 0 {
		return errors.New("load: a pace needs a rate and a duration above zero")
	}
	return nil
}

// total is the number of requests that are due, at least one.
func (p *Pace) total() int { return max(1, int(p.Rate*p.Duration.Seconds())) }

// sleeper waits for points in time, on one goroutine.
type sleeper interface {
	sleepUntil(t time.Time)
	release()
}

// due is one request of the schedule.
type due struct {
	at    time.Time
	other bool
}

// Paced sends requests at the times they are due, each on a connection that is
// free, or on the first to become so. Latencies count from when a request was
// due, not from when it could be sent.
func (c *Client) Paced(ctx context.Context, r Shot, p Pace) (*Summary, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	schedule := make(chan due, p.total()) // never blocks who paces
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	paced := make(chan struct{})
	start := time.Now()
	end := start.Add(p.Duration + p.grace())
	go func() {
		defer close(paced)
		defer close(schedule)
		p.fill(ctx, c.sleeper, start, schedule)
	}()
	result, err := c.run(ctx, end, func(i int) error { return c.serve(i, &r, &p, schedule, end) })
	cancel()
	<-paced
	if err != nil {
		return nil, err
	}
	result.Late = p.total() - result.Requests
	return result, nil
}

// fill puts each request into the schedule when it is due.
func (p *Pace) fill(ctx context.Context, newSleeper func() sleeper, start time.Time, schedule chan<- due) {
	c := newSleeper()
	defer c.release()
	gap := float64(time.Second) / p.Rate
	for i := range p.total() {
		at := start.Add(time.Duration(float64(i) * gap))
		c.sleepUntil(at)
		if ctx.Err() != nil {
			return
		}
		schedule <- due{at: at, other: p.Every > 0 && i%p.Every == p.Every-1}
	}
}

// serve sends what is due on one connection, until there is no more or the
// grace is over.
func (c *Client) serve(i int, r *Shot, p *Pace, schedule <-chan due, end time.Time) error {
	conn := c.conns[i]
	for d := range schedule {
		request, seen := r, c.seen[i]
		if d.other {
			request, seen = &p.Other, c.other[i]
		}
		err := conn.send(request)
		now := time.Now()
		if errors.Is(err, os.ErrDeadlineExceeded) && !now.Before(end) {
			return nil // counts as late
		}
		if err != nil {
			return fmt.Errorf("request due at %s: %w", d.at.Format(time.StampMicro), err)
		}
		record(seen, now.Sub(d.at))
	}
	return nil
}
