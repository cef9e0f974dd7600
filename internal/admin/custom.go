package admin

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
	"github.com/c386954a/sallyport/proxy/chain"
)

// collectCustom sends what the plugins of the chains measure themselves. Names
// tell plugins apart: within one configuration they are unique.
func collectCustom(ch chan<- prometheus.Metric, chains []*chain.Chain) {
	seen := map[string]bool{}
	for _, c := range chains {
		for step := range c.Steps() {
			m, ok := step.Plugin.(abi.Measurer)
			if !ok || seen[step.Name] {
				continue
			}
			seen[step.Name] = true
			for metric := range shown(m).All() {
				sendCustom(ch, step.Name, metric)
			}
		}
	}
}

// shown returns the series of a plugin that can be exported. Runtimes check them
// when they are recorded, but one bad series fails a whole scrape, whoever made
// the plugin.
func shown(m abi.Measurer) *telemetry.Registry {
	kept := &telemetry.Registry{Max: math.MaxInt}
	for metric := range m.Metrics() {
		_ = kept.Record(metric) // what cannot be exported is left out
	}
	return kept
}

// sendCustom sends one series. Counters have a suffix that gauges cannot have,
// so that one plugin cannot give the metric of another a second type.
func sendCustom(ch chan<- prometheus.Metric, plugin string, m abi.Metric) {
	name, kind := "sallyport_custom_"+m.Name+"_total", prometheus.CounterValue
	if m.Gauge {
		name, kind = "sallyport_custom_"+m.Name, prometheus.GaugeValue
	}
	names, values := []string{"plugin"}, []string{plugin}
	for _, l := range m.Labels {
		names, values = append(names, l.Name), append(values, l.Value)
	}
	d := prometheus.NewDesc(name, "Measured by plugins.", names, nil)
	if metric, err := prometheus.NewConstMetric(d, kind, m.Value, values...); err == nil {
		ch <- metric
	}
}
