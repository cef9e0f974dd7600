package admin_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// measurer is a plugin with metrics of its own.
type measurer struct {
	plugin
	metrics []abi.Metric
}

func (m measurer) Metrics() iter.Seq[abi.Metric] { return slices.Values(m.metrics) }
func (m measurer) Close(context.Context) error   { return nil }

func TestMetricsOfPluginsAreShownOnce(t *testing.T) {
	hit := []abi.Label{{Name: "outcome", Value: "hit"}}
	first := measurer{pass, []abi.Metric{
		{Name: "lookups", Labels: hit, Value: 3},
		{Name: "depth", Gauge: true, Value: -1.5},
	}}
	second := measurer{pass, []abi.Metric{ // the same names with other types and labels
		{Name: "lookups", Gauge: true, Value: 7},
		{Name: "lookups", Value: 8},
		{Name: "broken", Labels: []abi.Label{{Name: "a", Value: "\xff"}}},
	}}
	cfg := chain.Config{API: &abi.API{Name: "orders"}}
	cfg.Steps[abi.Pre] = []*chain.Step{
		{Name: "a", Model: "wasm", Plugin: first}, {Name: "b", Model: "wasm", Plugin: second},
	}
	cfg.Steps[abi.Response] = []*chain.Step{{Name: "a", Model: "wasm", Plugin: first}}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	status, body := get(t, serve(t, c)+"/metrics")
	if status != 200 {
		t.Errorf("metrics answer %d", status)
	}
	for _, want := range []string{
		`sallyport_custom_lookups_total{outcome="hit",plugin="a"} 3`,
		`sallyport_custom_depth{plugin="a"} -1.5`,
		`sallyport_custom_lookups{plugin="b"} 7`,
		`sallyport_custom_lookups_total{plugin="b"} 8`,
	} {
		if strings.Count(body, want+"\n") != 1 {
			t.Errorf("metrics do not have %s exactly once", want)
		}
	}
}

// TestAPluginCannotBreakTheScrape: a gauge x_total and a counter x have one
// name when they are exported, and the same labels in another order are one
// series; each of them would fail the scrape.
func TestAPluginCannotBreakTheScrape(t *testing.T) {
	ab := []abi.Label{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}
	hostile := measurer{pass, []abi.Metric{
		{Name: "x_total", Gauge: true, Value: 1},
		{Name: "x", Value: 2},
		{Name: "calls", Labels: ab, Value: 3},
		{Name: "calls", Labels: []abi.Label{ab[1], ab[0]}, Value: 4},
		{Name: "own", Labels: []abi.Label{{Name: "plugin", Value: "other"}}},
	}}
	cfg := chain.Config{API: &abi.API{Name: "orders"}}
	cfg.Steps[abi.Pre] = []*chain.Step{{Name: "a", Model: "process", Plugin: hostile}}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	status, body := get(t, serve(t, c)+"/metrics")
	if status != 200 {
		t.Fatalf("metrics answer %d: %s", status, body)
	}
	for _, want := range []string{
		`sallyport_custom_x_total{plugin="a"} 2`, `sallyport_custom_calls_total{a="1",b="2",plugin="a"} 7`,
		`sallyport_plugin_calls_total{`, "go_goroutines ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics do not have %s", want)
		}
	}
}
