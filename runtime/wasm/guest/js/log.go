package js

import (
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/loglimit"
)

// log (level, kind, text) writes a line to the plugin's log.
func (c *hostCall) log() {
	level, err := zerolog.ParseLevel(string(c.argument(0)))
	if err != nil {
		level = zerolog.InfoLevel
	}
	kind := "log-msg"
	if string(c.argument(1)) == "console" {
		kind = "console"
	}
	c.line(level, kind, c.bytes(2))
}

// rawlog (text) writes the bare text.
func (c *hostCall) rawlog() {
	text := c.bytes(0)
	raw := c.program.config.Raw
	if raw == nil {
		c.line(zerolog.NoLevel, "raw", text)
		return
	}
	if text = c.spend(text); text == nil {
		return
	}
	c.program.rawMu.Lock()
	defer c.program.rawMu.Unlock()
	_, _ = raw.Write(append(text, '\n')) // a script cannot help a log that is full
}

// complain writes the reason why a host function failed to the log.
func (c *hostCall) complain(name string, err error) {
	c.line(zerolog.WarnLevel, "host-call", []byte(name+": "+err.Error()))
}

func (g *scriptGuest) line(level zerolog.Level, kind string, text []byte) {
	log := g.program.config.Log
	if text = g.spend(text); text == nil || log == nil {
		return
	}
	api, id := g.caller()
	log.Script(level, kind, api, id, text)
}

// caller returns for whom the script runs: nothing while it is loaded.
func (g *scriptGuest) caller() (api *abi.API, requestID []byte) {
	if g.x == nil {
		return nil, nil
	}
	return g.x.API, g.x.RequestID
}

// spend cuts a line and counts it. It returns nil if the call has used up its
// share of the log, and says so once.
func (g *scriptGuest) spend(line []byte) []byte {
	if len(line) > loglimit.MaxLine {
		line = append(line[:loglimit.MaxLine:loglimit.MaxLine], " […]"...)
	}
	ok, first := g.logged.Spend(len(line))
	if ok {
		return append(line, ""...)[:len(line):len(line)]
	}
	if log := g.program.config.Log; first && log != nil {
		api, id := g.caller()
		log.Script(zerolog.WarnLevel, "log-limit", api, id, []byte(loglimit.Exhausted))
	}
	return nil
}
