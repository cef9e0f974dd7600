package coproc

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// memoryInterval is how often the memory of the process is looked at. What
// allocates faster runs into the kernel's own limit.
const memoryInterval = 250 * time.Millisecond

var (
	errMemory = errors.New("process and what it has started hold more memory than they may")
	errLimit  = &abi.Error{Kind: abi.Limit, Err: errMemory}
)

// watchMemory ends a process group that holds too much memory together.
func (p *process) watchMemory() {
	if p.report.Memory.Max <= 0 {
		return
	}
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-p.dead:
			return
		case <-tick.C:
			if sandbox.Resident(p.cmd.Process.Pid) > p.report.Memory.Max {
				p.kill(errMemory)
				return
			}
		}
	}
}

// gone is the error of the calls that the process had when it died.
func (p *process) gone() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(p.cause, errMemory) {
		return errLimit
	}
	return errGone
}

// confinement is what the process is told about its sandbox.
func (p *process) confinement() any {
	if p.report == nil {
		return struct{}{}
	}
	return p.report
}

// logConfinement logs what is enforced, and warns of what is not.
func (p *process) logConfinement() {
	if p.report == nil {
		p.log.Warn().Msg("plugin process runs without a sandbox: with all the rights of the gateway")
		return
	}
	e := p.log.Info()
	if len(p.report.Missing) > 0 {
		e = p.log.Warn().Strs("missing", p.report.Missing)
	}
	if b, err := json.Marshal(p.report); err == nil {
		e = e.RawJSON("sandbox", b)
	}
	e.Msg("plugin process is confined")
}
