package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
func (c *Client) Warm(ctx context.Context, r Shot, n int) error {
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
func (c *Client) Busy(ctx context.Context, r Shot, d time.Duration) (*Summary, error) {
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

// conn is one connection that carries one request at a time.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func newConn(c net.Conn) *conn { return &conn{c, bufio.NewReaderSize(c, 16<<10)} }

// exchange sends a request and reads the reply, of which it returns the
// status.
func (c *conn) exchange(request []byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	return c.reply()
}

var (
	errReply  = errors.New("the reply is not HTTP/1.1")
	errLength = errors.New("the reply has no Content-Length")
)

// reply reads one reply with a Content-Length and drops its body.
func (c *conn) reply() (status int, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, lost(err)
	}
	if status, err = statusOf(line); err != nil {
		return 0, err
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, lost(err)
		}
		if len(line) <= 2 {
			break
		}
		if n, ok := contentLength(line); ok {
			length = n
		}
	}
	if length < 0 {
		return 0, errLength
	}
	_, err = c.r.Discard(length)
	return status, err
}

// lost makes the end of a connection an error where a reply is due.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// statusOf reads "HTTP/1.1 200 OK".
func statusOf(line []byte) (int, error) {
	const before = len("HTTP/1.1 ")
	if len(line) < before+3 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, errReply
	}
	status := 0
	for _, c := range line[before : before+3] {
		if c < '0' || c > '9' {
			return 0, errReply
		}
		status = 10*status + int(c-'0')
	}
	return status, nil
}

const lengthField = "content-length:"

// contentLength reads a header field if it is that one.
func contentLength(line []byte) (int, bool) {
	if len(line) < len(lengthField) || !bytes.EqualFold(line[:len(lengthField)], []byte(lengthField)) {
		return 0, false
	}
	n := 0
	for _, c := range bytes.TrimSpace(line[len(lengthField):]) {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// Shot is what is sent, as it goes over the wire, and the status that the
// answer must have.
type Shot struct {
	Raw    []byte
	Status int // 0 takes any
}

// send makes one exchange and checks its status.
func (c *conn) send(r *Shot) error {
	status, err := c.exchange(r.Raw)
	if err != nil {
		return err
	}
	if r.Status != 0 && status != r.Status {
		return fmt.Errorf("status %d, want %d", status, r.Status)
	}
	return nil
}

// expire makes what waits on the connection give up at t; the zero time is
// never.
func (c *conn) expire(t time.Time) { _ = c.SetDeadline(t) }
