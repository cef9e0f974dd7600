package wasm

import (
	"bytes"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/loglimit"
	"github.com/c386954a/sallyport/runtime/wasm/guest/js"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

// Limits of what a plugin may log.
const (
	maxLine      = 1 << 10 // bytes; longer lines are cut
	lineBurst    = 200     // lines at once, and again in every interval
	lineInterval = 2 * time.Second
)

// output takes what the instances of one plugin log, cuts long lines and
// drops lines that come too fast. It is safe for concurrent use.
type output struct {
	log   zerolog.Logger
	limit *loglimit.Limiter
}

var (
	_ native.LineLog = (*output)(nil)
	_ js.ScriptLog   = (*output)(nil)
)

func newOutput(log zerolog.Logger) *output {
	return &output{log: log, limit: loglimit.New(lineBurst, lineInterval)}
}

// Print logs one line of the plugin.
func (o *output) Print(level zerolog.Level, requestID, line []byte) {
	if level < o.log.GetLevel() {
		return
	}
	ok, dropped := o.limit.Allow(time.Now())
	if !ok {
		return
	}
	o.report(dropped)
	e := o.log.WithLevel(level).Bytes("line", line[:min(len(line), maxLine)])
	if len(requestID) > 0 {
		e = e.Bytes("request_id", requestID)
	}
	e.Msg("plugin output")
}

// Script logs one line of a plugin in JavaScript, with the fields that Tyk's
// lines have.
func (o *output) Script(level zerolog.Level, kind string, api *abi.API, requestID, line []byte) {
	if level < o.log.GetLevel() {
		return
	}
	ok, dropped := o.limit.Allow(time.Now())
	if !ok {
		return
	}
	o.report(dropped)
	e := o.log.WithLevel(level).Str("prefix", "jsvm").Str("type", kind)
	if api != nil {
		e = e.Str("api_id", api.ID).Str("org_id", api.OrgID)
	}
	if len(requestID) > 0 {
		e = e.Bytes("request_id", requestID)
	}
	e.Msg(string(line))
}

// flush reports what was dropped last.
func (o *output) flush() { o.report(o.limit.Dropped()) }

func (o *output) report(dropped int) {
	if dropped > 0 {
		o.log.Warn().Int("dropped", dropped).Msg("plugin output dropped: too many lines")
	}
}

// lines returns a writer for standard output and error of one instance.
func (o *output) lines(i *interrupt) *lines { return &lines{output: o, interrupt: i} }

// lines splits what an instance writes into lines. It keeps no more than one
// line and belongs to one goroutine at a time.
type lines struct {
	output    *output
	interrupt *interrupt
	requestID []byte
	line      []byte
}

// Write logs all complete lines and keeps the rest. It fails only when the guest
// is overdue, because one call of fd_write may pass many times the memory.
func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for count := 0; ; count++ {
		if count%linesPerLook == 0 && l.interrupt.overdue() {
			l.interrupt.poll()
			return 0, l.interrupt.cause
		}
		line, rest, complete := bytes.Cut(b, []byte{'\n'})
		l.keep(line)
		if !complete {
			return n, nil
		}
		l.flush()
		b = rest
	}
}

// linesPerLook is how many lines are taken between two looks at the clock.
const linesPerLook = 256

// keep appends to the line as much as may be logged of it.
func (l *lines) keep(b []byte) {
	l.line = append(l.line, b[:min(len(b), maxLine-len(l.line))]...)
}

// flush logs the line that has begun.
func (l *lines) flush() {
	if len(l.line) > 0 {
		l.output.Print(zerolog.InfoLevel, l.requestID, l.line)
	}
	l.line = l.line[:0]
}
