package admin

import (
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
	"github.com/c386954a/sallyport/proxy/chain"
)

// chainCollector turns the counters of the chains into metrics when it is scraped,
// so that counting a request costs no more than an atomic addition.
type chainCollector struct{ chains func() []*chain.Chain }

// labels are those of every plugin metric.
var labels = []string{"api", "hook", "plugin", "model"}

// Descriptions of the metrics. They are constant.
var (
	callsDesc    = desc("calls_total", "Calls of a plugin.")
	respondsDesc = desc("responds_total", "Calls that ended the request.")
	skippedDesc  = desc("skipped_total", "Faults that on_fault: open let pass.")
	refusedDesc  = desc("refused_total", "Calls that the breaker did not make.")
	secondsDesc  = desc("seconds_total", "Time spent in calls.")
	faultsDesc   = desc("faults_total", "Faults by kind.", "kind")
	breakerDesc  = prometheus.NewDesc("sallyport_plugin_breaker_state",
		"State of the breaker of a plugin: 0 closed, 1 half-open, 2 open.", []string{"plugin", "model"}, nil)
	droppedDesc = prometheus.NewDesc("sallyport_events_dropped_total",
		"Events that found the queue full.", []string{"api"}, nil)
)

func desc(name, help string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc("sallyport_plugin_"+name, help, append(slices.Clip(labels), more...), nil)
}

// Describe implements prometheus.Collector.
func (c *chainCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		callsDesc, respondsDesc, skippedDesc, refusedDesc, secondsDesc, faultsDesc, breakerDesc, droppedDesc,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. A plugin that an API binds twice to
// one hook has one series: its counts are added up.
func (c *chainCollector) Collect(ch chan<- prometheus.Metric) {
	chains := c.chains()
	collectCustom(ch, chains)
	collectBreakers(ch, chains)
	for _, one := range chains {
		counter(ch, droppedDesc, float64(one.DroppedEvents()), one.API().Name)
		for key, n := range sums(one) {
			collect(ch, n, one.API().Name, key.hook, key.plugin, key.model)
		}
	}
}

// collectBreakers sends the state of each plugin's breaker, however many hooks
// and APIs share it.
func collectBreakers(ch chan<- prometheus.Metric, chains []*chain.Chain) {
	seen := map[*chain.Breaker]bool{nil: true}
	for _, c := range chains {
		for step := range c.Steps() {
			if seen[step.Breaker] {
				continue
			}
			seen[step.Breaker] = true
			state := float64(step.Breaker.State())
			ch <- prometheus.MustNewConstMetric(breakerDesc, prometheus.GaugeValue, state, step.Name, step.Model)
		}
	}
}

type series struct{ hook, plugin, model string }

func sums(c *chain.Chain) map[series]chain.Snapshot {
	out := map[series]chain.Snapshot{}
	for step := range c.Steps() {
		key := series{step.Hook().String(), step.Name, step.Model}
		out[key] = out[key].Plus(step.Stats().Snapshot())
	}
	return out
}

func collect(ch chan<- prometheus.Metric, n chain.Snapshot, labels ...string) {
	counter(ch, callsDesc, float64(n.Calls), labels...)
	counter(ch, respondsDesc, float64(n.Responds), labels...)
	counter(ch, skippedDesc, float64(n.Skipped), labels...)
	counter(ch, refusedDesc, float64(n.Refused), labels...)
	counter(ch, secondsDesc, n.Total.Seconds(), labels...)
	for k, count := range n.Faults {
		if count > 0 {
			counter(ch, faultsDesc, float64(count), append(slices.Clip(labels), abi.Kind(k).String())...)
		}
	}
}

func counter(ch chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

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
