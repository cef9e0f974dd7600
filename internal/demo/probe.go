package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/admin"
)

// rounds is how many requests of each model the times are taken from.
const rounds = 100

// Findings is what the probes of a demo found.
type Findings struct {
	OK     bool                   `json:"ok"`
	Models map[string]*ModelProbe `json:"models"`
	// ChainProbe is one request through all models in a row.
	Chain ChainProbe `json:"chain"`
}

// ModelProbe is what one model did with a request of each kind.
type ModelProbe struct {
	OK       bool   `json:"ok"`
	Allowed  Probe  `json:"allowed"`
	Rejected Probe  `json:"rejected"`
	Calls    uint64 `json:"calls"`
	// P50 and P99 are the times of the plugin's calls in microseconds.
	P50 float64 `json:"added_us_p50"`
	P99 float64 `json:"added_us_p99"`
}

// ChainProbe is the request that passed every model.
type ChainProbe struct {
	OK    bool     `json:"ok"`
	Probe Probe    `json:"probe"`
	Steps []string `json:"steps"`
}

// Probe is one request and what became of it.
type Probe struct {
	Status  int      `json:"status"`
	Reached bool     `json:"reached_upstream"`
	Changed []string `json:"changed"`
	Problem string   `json:"problem,omitempty"` // why it is not what it must be
}

// The request that every probe sends, and what the header hook makes of it.
var (
	sent = map[string]string{
		"Authorization": "Bearer acme.s3cret",
		"User-Agent":    "sallyport-demo",
		"X-Debug":       "1",
	}
	expected = []string{"X-Agent: sallyport-demo", "X-Tenant: acme", "X-Debug removed"}
)

// Probe sends what the demo has to show through the running gateway.
func (d *Demo) Probe(ctx context.Context) (*Findings, error) {
	r := &Findings{OK: true, Models: map[string]*ModelProbe{}}
	for _, model := range models {
		m, err := d.probeModel(ctx, model)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", model, err)
		}
		r.Models[model] = m
		r.OK = r.OK && m.OK
	}
	c, err := d.probeChain(ctx)
	if err != nil {
		return nil, err
	}
	r.Chain = c
	r.OK = r.OK && c.OK
	return r, nil
}

func (d *Demo) probeModel(ctx context.Context, model string) (*ModelProbe, error) {
	m := &ModelProbe{}
	for range rounds {
		var err error
		if m.Allowed, err = d.send(ctx, "/"+model+"/hello", sent); err != nil {
			return nil, err
		}
		if m.Allowed.expect(http.StatusOK, expected); m.Allowed.Problem != "" {
			break
		}
	}
	var err error
	if m.Rejected, err = d.send(ctx, "/"+model+"/hello", map[string]string{"User-Agent": "sallyport-demo"}); err != nil {
		return nil, err
	}
	m.Rejected.expect(http.StatusUnauthorized, nil)
	m.measure(d.steps(model))
	m.OK = m.Allowed.Problem == "" && m.Rejected.Problem == "" && m.Calls == rounds+1
	return m, nil
}

func (m *ModelProbe) measure(steps []admin.StepStatus) {
	for _, s := range steps {
		m.Calls, m.P50, m.P99 = s.Calls, s.P50, s.P99
	}
}

// probeChain sends one request through all models and checks that each of
// them was called.
func (d *Demo) probeChain(ctx context.Context) (ChainProbe, error) {
	p, err := d.send(ctx, "/all/hello", sent)
	if err != nil {
		return ChainProbe{}, err
	}
	p.expect(http.StatusOK, expected)
	c := ChainProbe{Probe: p, OK: p.Problem == ""}
	for _, s := range d.steps(allModels) {
		c.Steps = append(c.Steps, s.Model)
		c.OK = c.OK && s.Calls == 1
	}
	c.OK = c.OK && slices.Equal(c.Steps, models[:])
	return c, nil
}

// steps returns the counters of one API.
func (d *Demo) steps(api string) []admin.StepStatus {
	for _, a := range d.app.Status().APIs {
		if a.Name == api {
			return a.Plugins
		}
	}
	return nil
}

// send makes one request and compares what the upstream saw with what was
// sent.
func (d *Demo) send(ctx context.Context, path string, header map[string]string) (Probe, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
	if err != nil {
		return Probe{}, err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	before := d.upstream.requests()
	reply, err := d.client.Do(req)
	if err != nil {
		return Probe{}, err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	if err != nil {
		return Probe{}, err
	}
	p := Probe{Status: reply.StatusCode, Reached: d.upstream.requests() > before, Changed: []string{}}
	if p.Reached {
		p.Changed, err = changes(header, body)
	}
	return p, err
}

// expect notes where the probe differs from what must hold. A request that is
// to be refused must not reach the upstream.
func (p *Probe) expect(status int, changed []string) {
	switch {
	case p.Status != status:
		p.Problem = fmt.Sprintf("status %d, want %d", p.Status, status)
	case p.Reached != (status == http.StatusOK):
		p.Problem = fmt.Sprintf("reached the upstream: %v", p.Reached)
	case !slices.Equal(p.Changed, append([]string{}, changed...)):
		p.Problem = fmt.Sprintf("changed %q, want %q", p.Changed, changed)
	}
}

// changes lists the header fields that differ between what was sent and what
// the upstream saw, those that the gateway itself adds aside.
func changes(header map[string]string, body []byte) ([]string, error) {
	var got seen
	if err := json.Unmarshal(body, &got); err != nil {
		return nil, fmt.Errorf("reply of the upstream: %w", err)
	}
	set, removed := []string{}, []string{}
	for name, value := range got.Header {
		if header[name] != value && !ofGateway(name) {
			set = append(set, name+": "+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if _, ok := got.Header[name]; !ok {
			removed = append(removed, name+" removed")
		}
	}
	slices.Sort(set)
	return append(set, removed...), nil
}

// ofGateway reports whether the gateway or the client's library sets the field.
func ofGateway(name string) bool {
	return strings.HasPrefix(name, "X-Forwarded-") || name == "X-Request-Id" || name == "Accept-Encoding"
}
