package faults

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// Neighbour is what became of the harmless requests of one kind.
type Neighbour struct {
	Requests int     `json:"requests"`
	Failed   int     `json:"failed"`
	Slowest  float64 `json:"slowest_ms"`
	First    string  `json:"first_failure,omitempty"` // what the first that failed got
}

// Neighbours are the kinds; see the package comment.
type Neighbours struct {
	SameAPI    Neighbour `json:"same_api"`
	SamePlugin Neighbour `json:"same_plugin"`
	SameModel  Neighbour `json:"same_model"`
	OtherAPI   Neighbour `json:"other_api"`
}

const (
	neighbourPace     = 10 * time.Millisecond // between two requests of a kind
	neighbourPatience = 2 * time.Second
)

// crowd sends harmless requests of every kind at a steady pace, whether the
// ones before are answered or not.
type crowd struct {
	client *http.Client
	base   string
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu sync.Mutex
	// mu protects the field below.
	seen Neighbours
}

// gather starts the traffic around an attack.
func gather(ctx context.Context, client *http.Client, base string, m Model, f Scenario) *crowd {
	ctx, stop := context.WithCancel(ctx)
	c := &crowd{client: client, base: base, stop: stop}
	for path, n := range map[string]*Neighbour{
		Path(m, f): &c.seen.SameAPI, otherPath(m, f): &c.seen.SamePlugin,
		modelPath(m): &c.seen.SameModel, nativePath: &c.seen.OtherAPI,
	} {
		c.done.Go(func() { c.walk(ctx, path, n) })
	}
	return c
}

// disperse ends the traffic, waits for the last answers and returns what
// became of all requests.
func (c *crowd) disperse() Neighbours {
	c.stop()
	c.done.Wait()
	return c.seen
}

func (c *crowd) walk(ctx context.Context, path string, n *Neighbour) {
	pace := time.NewTicker(neighbourPace)
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			c.done.Go(func() { c.ask(context.WithoutCancel(ctx), path, n) })
		}
	}
}

func (c *crowd) ask(ctx context.Context, path string, n *Neighbour) {
	start := time.Now()
	got := ask(ctx, c.client, c.base+path)
	took := millis(time.Since(start))
	c.mu.Lock()
	defer c.mu.Unlock()
	n.Requests++
	n.Slowest = max(n.Slowest, took)
	if got == "" {
		return
	}
	n.Failed++
	if n.First == "" {
		n.First = got
	}
}

// ask makes a harmless request and returns what it got instead of a 200.
func ask(ctx context.Context, client *http.Client, url string) string {
	ctx, cancel := context.WithTimeout(ctx, neighbourPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	reply, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, 1<<10))
	switch {
	case err != nil:
		return err.Error()
	case reply.StatusCode != http.StatusOK:
		return reply.Status + " " + string(body)
	}
	return ""
}
