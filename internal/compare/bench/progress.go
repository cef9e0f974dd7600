package bench

import (
	"fmt"
	"io"
	"time"
)

// progress says on a writer what is being done and how long the rest will
// take. It prints at most a line a second.
type progress struct {
	out     io.Writer
	started time.Time
	printed time.Time
	total   time.Duration // planned, all steps together
	done    time.Duration // planned, of the steps that are over
}

// said tells at once.
func (p *progress) said(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// step counts one more step that was planned to take d, and tells what it was.
func (p *progress) step(what string, d time.Duration) {
	p.done += d
	if now := time.Now(); now.Sub(p.printed) >= time.Second {
		p.printed = now
		p.said("%s, %v left", what, p.left(now.Sub(p.started)).Round(time.Second))
	}
}

// left guesses from what the steps so far have taken beyond their plan.
func (p *progress) left(took time.Duration) time.Duration {
	if p.done <= 0 || p.done >= p.total {
		return 0
	}
	return time.Duration(float64(took) * float64(p.total-p.done) / float64(p.done))
}
