package faults

import (
	"sync"
	"time"

	"github.com/c386954a/sallyport/internal/procstat"
)

// consumption is what a process and those it has started use at a moment.
type consumption struct {
	own       int64 // bytes resident in the process
	others    int64 // and in those it has started
	processes int   // that it has started
	cpu       time.Duration
	ok        bool // false if the system does not tell
}

const meterPace = 10 * time.Millisecond

// meter watches a process.
type meter struct {
	pid  int
	stop chan struct{}
	done sync.WaitGroup

	mu sync.Mutex
	// mu protects the field below: the most of each figure.
	peak consumption
}

// watch looks at a process and what it starts, again and again until the meter is closed.
func watch(pid int) *meter {
	m := &meter{pid: pid, stop: make(chan struct{})}
	m.look()
	m.done.Go(func() {
		pace := time.NewTicker(meterPace)
		defer pace.Stop()
		for {
			select {
			case <-m.stop:
				return
			case <-pace.C:
				m.look()
			}
		}
	})
	return m
}

func (m *meter) look() {
	now := usageOf(m.pid)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peak = consumption{
		max(m.peak.own, now.own), max(m.peak.others, now.others), max(m.peak.processes, now.processes),
		max(m.peak.cpu, now.cpu), m.peak.ok || now.ok,
	}
}

// usageOf reads all figures. A process that has ended uses nothing.
func usageOf(pid int) consumption {
	u := consumption{}
	u.own, _ = procstat.Resident(pid)
	u.cpu, _ = procstat.CPU(pid)
	u.ok = u.own > 0
	for _, child := range procstat.Descendants(pid) {
		memory, _ := procstat.Resident(child)
		cpu, _ := procstat.CPU(child)
		u.others += memory
		u.cpu += cpu
		u.processes++
	}
	return u
}

// take returns the most of each figure since the last take.
func (m *meter) take() consumption {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.peak
	m.peak = consumption{}
	return p
}

// close ends the watching and waits for it.
func (m *meter) close() {
	close(m.stop)
	m.done.Wait()
}
