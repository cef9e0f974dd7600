package config

import (
	"math"
	"slices"
	"strings"
	"time"
)

// choice returns one of the options, or def.
func (f *fields) choice(key, def string, options ...string) string {
	n := f.take(key)
	if n == nil || !f.want(n, label(key), text) {
		return def
	}
	if !slices.Contains(options, n.text) {
		f.problemf(n.pos, suggest(n.raw, options), "%s must be %s, not %s", label(key), oneOf(options), quote(n.raw))
		return def
	}
	return n.text
}

// suggest is didYouMean where the message lists what is known anyway.
func suggest(word string, known []string) string {
	if best := closest(word, known); best != "" {
		return didYouMean(word, []string{best})
	}
	return ""
}

func oneOf(options []string) string {
	last := len(options) - 1
	return strings.Join(options[:last], ", ") + " or " + options[last]
}

// flag returns true or false, or def.
func (f *fields) flag(key string, def bool) bool {
	n := f.take(key)
	if n == nil || !f.want(n, label(key), boolean) {
		return def
	}
	return n.bool
}

// count returns a whole number of at least least, or def.
func (f *fields) count(key string, def, least int) int {
	n := f.take(key)
	if n == nil || !f.want(n, label(key), integer) {
		return def
	}
	switch {
	case n.int < int64(least):
		f.problemf(n.pos, "", "%s must be at least %d, not %s", label(key), least, quote(n.raw))
	case n.int > math.MaxInt32:
		f.problemf(n.pos, "", "%s must be at most %d, not %s", label(key), math.MaxInt32, quote(n.raw))
	default:
		return int(n.int)
	}
	return def
}

// duration returns a duration above zero, or def.
func (f *fields) duration(key string, def time.Duration) time.Duration {
	n := f.take(key)
	if n == nil {
		return def
	}
	if n.kind == integer || n.kind == float {
		f.problemf(n.pos, "write a unit: `"+n.raw+"ms`, `"+n.raw+"s`", "%s must be a duration, not %s", label(key),
			quote(n.raw))
		return def
	}
	if !f.want(n, label(key), text) {
		return def
	}
	d, err := time.ParseDuration(n.text)
	switch {
	case err != nil:
		f.problemf(n.pos, "write for example `50ms`, `2s` or `1m30s`", "%s must be a duration, not %s", label(key),
			quote(n.raw))
	case d <= 0:
		f.problemf(n.pos, "", "%s must be more than 0, not %s", label(key), quote(n.raw))
	default:
		return d
	}
	return def
}

// size returns a number of bytes between least and most, or def.
func (f *fields) size(key string, def, least, most int64) int64 {
	n := f.take(key)
	if n == nil {
		return def
	}
	v, ok := f.sizeOf(n, key)
	if !ok {
		return def
	}
	if v < least || v > most {
		f.problemf(n.pos, "", "%s must be between %s and %s, not %s", label(key), formatSize(least), formatSize(most),
			quote(n.raw))
		return def
	}
	return v
}

func (f *fields) sizeOf(n *node, key string) (int64, bool) {
	if n.kind == integer {
		return n.int, true
	}
	if n.kind == float {
		f.problemf(n.pos, sizeHint(n.raw), "%s must be a size, not %s", label(key), quote(n.raw))
		return 0, false
	}
	if !f.want(n, label(key), text) {
		return 0, false
	}
	v, err := parseSize(n.text)
	if err != nil {
		f.problemf(n.pos, sizeHint(n.raw), "%s must be a size, not %s", label(key), quote(n.raw))
	}
	return v, err == nil
}

// object returns a free-form mapping as JSON, or nil.
func (f *fields) object(key string) []byte {
	n := f.take(key)
	if n == nil || !f.want(n, label(key), mapping) {
		return nil
	}
	return appendJSON(nil, n)
}
