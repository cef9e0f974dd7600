package sallyport

import "time"

// Level is the level of a log line.
type Level uint32

// The levels.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Log writes a line to the log of the gateway, where it is tagged with plugin
// and request. Long lines are cut and floods are dropped.
func (x *Exchange) Log(level Level, line string) { hostLog(&x.host, uint32(level), line) }

// TimeLeft returns how long the hook may still run.
func (x *Exchange) TimeLeft() time.Duration { return time.Duration(hostTimeLeft(&x.host)) }
