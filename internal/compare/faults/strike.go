package faults

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
)

// Strike is what faulty requests got.
type Strike struct {
	Requests int            `json:"requests"`
	Status   int            `json:"status"`   // of the first to be answered; 0 if it got no answer
	Body     string         `json:"body"`     // its beginning
	Statuses map[string]int `json:"statuses"` // all of them; "none" for no answer
	After    float64        `json:"after_ms"`
	Slowest  float64        `json:"slowest_ms"`
	Wrong    int            `json:"wrong"` // answers that belong to another request
	Through  int64          `json:"through"`
	Escaped  string         `json:"escaped,omitempty"` // what left the plugin and must not
	Intruded int64          `json:"intruded"`          // requests that reached the forbidden server
}

// patience is how long a faulty request waits for its answer.
const patience = 5 * time.Second

// Times of the faulty requests around the deadline.
const (
	raceStep   = 500 * time.Microsecond // for each byte of the note
	raceCenter = 13                     // length of a note that stands for the deadline
)

// shot is one faulty request.
type shot struct {
	path, note, target, delay string
}

// Strike sets a fault off and waits until all of its requests are answered.
// base is the URL of the gateway. An error is that of ctx, or a mistake in
// base; that requests fail is the result. Strikes on one stage follow each
// other.
func (s *Stage) Strike(ctx context.Context, client *http.Client, base string, m Model, f Scenario) (*Strike, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &assault{stage: s, client: client, base: base, fault: f, strike: Strike{Statuses: map[string]int{}}}
	through, intruded := s.Arena.faulty.Load(), s.Arena.intruded.Load()
	var err error
	for _, volley := range s.volleys(m, f) {
		if err = a.fire(ctx, volley); err != nil {
			break
		}
	}
	a.strike.Through = s.Arena.faulty.Load() - through
	a.strike.Intruded = s.Arena.intruded.Load() - intruded
	return &a.strike, err
}

// volleys returns what is sent: shots of one volley at the same time.
func (s *Stage) volleys(m Model, f Scenario) [][]shot {
	path := Path(m, f)
	switch {
	case f.aim == race:
		return [][]shot{raceShots(path, 2), raceShots(path, 14)}
	case f.aim == state:
		return s.stateShots(m, f)
	case f.ID == attack.SlowHost:
		return [][]shot{repeat(shot{path: path, target: s.Arena.Slow}, 2)}
	case f.ID == attack.OpenSocket:
		return [][]shot{repeat(shot{path: path, target: s.Arena.Forbidden}, 2)}
	}
	return [][]shot{repeat(shot{path: path}, 2)}
}

func repeat(s shot, n int) []shot {
	all := make([]shot, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// stateShots leave a secret and look for it, as often as there are instances.
func (s *Stage) stateShots(m Model, f Scenario) [][]shot {
	const times, atOnce = 6, 4
	reader := shot{path: Path(m, f), note: "none"}
	if f.ID == attack.LeakAPIs {
		reader.path = otherPath(m, f)
	}
	var all [][]shot
	for range times {
		all = append(all, repeat(shot{path: Path(m, f), note: s.Arena.Canary}, atOnce))
	}
	for range times {
		all = append(all, repeat(reader, atOnce))
	}
	return all
}

// raceShots end around the deadline. The length of a note says when.
func raceShots(path string, from int) []shot {
	var all []shot
	for n := from; n < from+12; n += 2 {
		note := strconv.Itoa(n)
		note += strings.Repeat("x", n-len(note))
		delay := Timeout - time.Duration(raceCenter-n)*raceStep
		all = append(all, shot{path: path, note: note, delay: strconv.FormatFloat(millis(delay), 'f', -1, 64)})
	}
	return all
}

// assault collects what becomes of the shots.
type assault struct {
	stage  *Stage
	client *http.Client
	base   string
	fault  Scenario

	mu sync.Mutex
	// mu protects the field below.
	strike Strike
}

// fire sends shots at the same time and waits for all of them.
func (a *assault) fire(ctx context.Context, volley []shot) error {
	var all sync.WaitGroup
	for _, s := range volley {
		req, err := a.request(ctx, s)
		if err != nil {
			return err
		}
		all.Go(func() { a.send(req, s) })
	}
	all.Wait()
	return ctx.Err()
}

func (a *assault) request(ctx context.Context, s shot) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+s.path, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		attack.Fault: a.fault.ID, attack.Note: s.note, attack.Delay: s.delay, attack.Target: s.target,
		attack.File: a.stage.Arena.File, attack.Secret: a.stage.Arena.Secret,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return req, nil
}

func (a *assault) send(req *http.Request, s shot) {
	ctx, cancel := context.WithTimeout(req.Context(), patience)
	defer cancel()
	start := time.Now()
	reply, err := a.client.Do(req.WithContext(ctx))
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(reply.Body, 16<<20))
		_ = reply.Body.Close()
	}
	a.note(s, reply, body, err, millis(time.Since(start)))
}

// note counts one answer.
func (a *assault) note(s shot, reply *http.Response, body []byte, err error, took float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := &a.strike
	r.Requests++
	r.Slowest = max(r.Slowest, took)
	if err != nil {
		r.Statuses["none"]++
		r.After = max(r.After, took)
		return
	}
	r.Statuses[strconv.Itoa(reply.StatusCode)]++
	if r.Status == 0 {
		r.Status, r.After, r.Body = reply.StatusCode, took, string(body[:min(len(body), 200)])
	}
	a.judge(s, reply.StatusCode, reply.Header.Get(attack.Seen), string(body))
}

// judge looks for what must not have come back.
func (a *assault) judge(s shot, status int, seen, body string) {
	r := &a.strike
	canary := a.stage.Arena.Canary
	switch {
	case a.fault.aim == race:
		if status == http.StatusOK && seen != s.note {
			r.Wrong++
		}
	case a.fault.aim == state:
		if reads := s.note != canary; seen != "" && (reads || a.fault.ID == attack.LeakRequests) {
			r.Escaped = seen
		}
	case strings.Contains(seen, canary) || strings.Contains(body, canary):
		r.Escaped = canary
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
