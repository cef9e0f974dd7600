package abi

import "iter"

// Metric is one series that a plugin measures: a counter, or a gauge.
type Metric struct {
	Name   string // [a-z_][a-z0-9_]*, without the prefix and suffix of an exporter
	Gauge  bool   // it may fall, and is not added up
	Labels []Label
	Value  float64
}

// Label is one dimension of a [Metric].
type Label struct{ Name, Value string }

// Measurer is a [Plugin] that has metrics of its own.
type Measurer interface {
	// Metrics yields every series once, in no order. It may be called from
	// many goroutines, and while calls run.
	Metrics() iter.Seq[Metric]
}
