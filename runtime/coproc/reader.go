package coproc

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// read serves stdout until it ends. It never waits for a caller. When it
// returns no answer can come any more.
func (p *process) read() {
	defer close(p.dead)
	in := newSplitter(p.pipes.stdout, p.cfg.MaxMessage)
	for {
		line, err := in.next()
		switch {
		case errors.Is(err, errOversize):
			p.kill(err)
			return
		case err != nil:
			p.kill(errEnded)
			return
		}
		p.receive(line)
	}
}

func (p *process) receive(line []byte) {
	if len(line) == 0 || line[0] != '{' {
		p.noisy(line)
		return
	}
	if id, ok := answerID(line); ok {
		p.answer(id, line)
		return
	}
	f, err := p.parser.Frame(line)
	switch {
	case err != nil:
		p.violation(err)
	case f.IsAnswer():
		p.answer(f.ID, line)
	case f.HasID:
		p.refuse(f.ID)
	default:
		p.notified(&f)
	}
}

// answer gives a frame to its caller, who checks it: work that grows with the
// frame does not hold up the answers behind it.
func (p *process) answer(id uint64, line []byte) {
	switch p.table.deliver(id, line) {
	case late:
		p.stats.late.Add(1)
	case unknown:
		p.stats.unknown.Add(1)
	}
}

// answerID reads the id of an answer whose members are in the usual order,
// without looking further.
func answerID(line []byte) (id uint64, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"jsonrpc":`))
	if !ok {
		return 0, false
	}
	if rest, ok = cutToken(rest, `"2.0",`); !ok {
		return 0, false
	}
	if rest, ok = cutToken(rest, `"id":`); !ok {
		return 0, false
	}
	rest = bytes.TrimLeft(rest, " ")
	n := 0
	for n < len(rest) && n < 16 && '0' <= rest[n] && rest[n] <= '9' {
		id = id*10 + uint64(rest[n]-'0')
		n++
	}
	if n == 0 || n == 16 || rest[0] == '0' {
		return 0, false
	}
	if rest, ok = cutToken(rest[n:], ","); !ok {
		return 0, false
	}
	_, result := cutToken(rest, `"result":`)
	_, failed := cutToken(rest, `"error":`)
	return id, result || failed
}

// cutToken steps over spaces and then over token.
func cutToken(b []byte, token string) (rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " ")
	if len(b) < len(token) || string(b[:len(token)]) != token {
		return b, false
	}
	return b[len(token):], true
}

// noisy deals with a line that is no frame.
func (p *process) noisy(line []byte) {
	p.stats.noise.Add(1)
	p.log.Warn().Bytes("line", line[:min(len(line), 256)]).
		Msg("plugin process wrote to stdout what is no message: print goes to stdout, use the SDK or stderr")
	if ok, _ := p.noise.allow(time.Now()); !ok {
		p.kill(errors.New("process writes to stdout what is no message"))
	}
}

// violation counts a frame that is not JSON-RPC. The third in a minute ends
// the process.
func (p *process) violation(cause error) {
	p.stats.violations.Add(1)
	p.log.Warn().Err(cause).Msg("plugin process sent a broken message")
	p.mu.Lock()
	ok, _ := p.broken.allow(time.Now())
	p.mu.Unlock()
	if !ok {
		p.kill(fmt.Errorf("process sends broken messages: %w", cause))
	}
}

// refuse answers a request: in this version processes may send none.
func (p *process) refuse(id uint64) {
	b := append([]byte(`{"jsonrpc":"2.0","id":`), strconv.FormatUint(id, 10)...)
	b = append(b, `,"error":{"code":-32601,"message":"method not found"}}`+"\n"...)
	_ = p.out.put(b, 1)
}

// notified deals with a notification; unknown ones are ignored.
func (p *process) notified(f *rpc.Frame) {
	switch string(f.Method) {
	case "log":
		p.logged(f.Params)
	case "status":
		p.reported(orNull(f.Params))
	case "metric":
		p.measured(orNull(f.Params))
	}
}

func (p *process) logged(params []byte) {
	l, err := rpc.ParseLog(params)
	if err != nil {
		p.violation(err)
		return
	}
	ok, missed := p.chatter.allow(time.Now())
	if missed > 0 {
		p.log.Warn().Int("lines", missed).Msg("plugin process logged too much: lines suppressed")
	}
	if !ok {
		return
	}
	e := p.log.WithLevel(level(l.Level)).Bool("plugin_log", true)
	if len(l.RequestID) > 0 {
		e = e.Bytes("request_id", l.RequestID)
	}
	if l.Attrs != nil {
		e = e.RawJSON("attrs", l.Attrs)
	}
	e.Msg(string(l.Msg))
}

func level(name []byte) zerolog.Level {
	switch string(name) {
	case "debug", "trace":
		return zerolog.DebugLevel
	case "warn", "warning":
		return zerolog.WarnLevel
	case "error", "fatal", "critical":
		return zerolog.ErrorLevel
	}
	return zerolog.InfoLevel
}

func orNull(raw []byte) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}
