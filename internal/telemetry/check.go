package telemetry

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
)

// Limits of a metric.
const (
	MaxName       = 64
	MaxLabels     = 4
	MaxLabelName  = 32
	MaxLabelValue = 128
)

// ErrTooMany is that a registry has as many series as it keeps.
var ErrTooMany = errors.New("more metrics than are kept")

// Check reports why a metric cannot be kept, and which part of it is wrong.
//
// Exporters append _total to the names of counters. So no name may end with it:
// a gauge x_total and a counter x would be one name with two types. For all
// other names a counter and a gauge of the same name are exported as two.
func Check(m abi.Metric) error {
	switch {
	case !identifier(m.Name, MaxName):
		return fmt.Errorf("metric name %q: want at most %d of a-z, 0-9 and _, and no digit first", clip(m.Name), MaxName)
	case strings.HasSuffix(m.Name, "_total"):
		return fmt.Errorf("metric name %q: exporters append _total to the names of counters; leave it out", m.Name)
	case len(m.Labels) > MaxLabels:
		return fmt.Errorf("metric %s has %d labels: at most %d are kept", m.Name, len(m.Labels), MaxLabels)
	}
	for i, l := range m.Labels {
		if err := checkLabel(l); err != nil {
			return fmt.Errorf("metric %s: %w", m.Name, err)
		}
		if slices.ContainsFunc(m.Labels[:i], func(o abi.Label) bool { return o.Name == l.Name }) {
			return fmt.Errorf("metric %s: label %s is there twice", m.Name, l.Name)
		}
	}
	if err := CheckValue(m.Gauge, m.Value); err != nil {
		return fmt.Errorf("metric %s: %w", m.Name, err)
	}
	return nil
}

// CheckValue reports what is wrong with a value that is added to a counter or
// set as a gauge.
func CheckValue(gauge bool, v float64) error {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return errors.New("the value is not a finite number")
	case !gauge && v < 0:
		return errors.New("a counter cannot fall")
	}
	return nil
}

// checkLabel leaves the name plugin and names that begin with two underscores
// to exporters.
func checkLabel(l abi.Label) error {
	switch {
	case !identifier(l.Name, MaxLabelName):
		return fmt.Errorf("label name %q: want at most %d of a-z, 0-9 and _, and no digit first", clip(l.Name), MaxLabelName)
	case l.Name == "plugin" || strings.HasPrefix(l.Name, "__"):
		return fmt.Errorf("label name %q is reserved for exporters", l.Name)
	case len(l.Value) > MaxLabelValue:
		return fmt.Errorf("the value of label %s is longer than %d bytes", l.Name, MaxLabelValue)
	case !utf8.ValidString(l.Value):
		return fmt.Errorf("the value of label %s is not UTF-8", l.Name)
	}
	return nil
}

// identifier reports whether s is [a-z_][a-z0-9_]*.
func identifier(s string, limit int) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= limit
}

// clip shortens a name for a message.
func clip(s string) string { return s[:min(len(s), 2*MaxName)] }
