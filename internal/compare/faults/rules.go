package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/output"
)

// Bounds of the rules.
const (
	lateBy       = 1000.0   // ms after its deadline that a faulty request may be answered
	memorySlack  = 64 << 20 // bytes above the limit: buffers, and the garbage collector's share
	backPatience = 10 * time.Second
	backSoon     = 75.0    // ms
	busyShare    = 0.5     // processors
	logShare     = 4 << 20 // bytes
)

// rule gives a reason if its verdict applies to a cell, and nothing if not.
type rule struct {
	verdict Judgement
	why     func(*Cell) string
}

// rules are asked in this order; the first that gives a reason decides.
func rules() []rule {
	return []rule{
		{NotContained, died},
		{NotContained, strangersFailed},
		{NotContained, escaped},
		{NotContained, intruded},
		{NotContained, mixedUp},
		{NotContained, processesStarted},
		{NotContained, memoryTaken},
		{NotContained, processMemoryTaken},
		{NotContained, unanswered},
		{NotContained, letThrough},
		{NotContained, neverBack},
		{NotContained, stateLeaked},
		{ByDesign, stateKept},
		{Degraded, neighboursFailed},
		{Degraded, slowlyBack},
		{Degraded, stillBusy},
		{Degraded, logFlooded},
		{Contained, held},
	}
}

// Judge sets the verdict of a measured cell, and why.
func (c *Cell) Judge() {
	for _, r := range rules() {
		if why := r.why(c); why != "" {
			c.Verdict, c.Why = r.verdict, why
			return
		}
	}
}

// because gives the reason if a rule applies.
func because(applies bool, format string, args ...any) string {
	if !applies {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

func died(c *Cell) string { return because(c.Died != "", "the gateway died: %s", c.Died) }

func strangersFailed(c *Cell) string {
	n := c.Neighbours.OtherAPI
	return because(n.Failed > 0, "%d of %d requests of APIs without the model failed", n.Failed, n.Requests)
}

func escaped(c *Cell) string {
	return because(c.fault().aim == escape && c.Got.Escaped != "", "the plugin got what it was not granted")
}

func intruded(c *Cell) string {
	n := int(c.Got.Intruded)
	return because(n != 0, "%s reached a server that was not granted", output.Plural(n, "request"))
}

func mixedUp(c *Cell) string {
	return because(c.Got.Wrong != 0, "%s belonged to another request", output.Plural(c.Got.Wrong, "answer"))
}

func unanswered(c *Cell) string {
	if n := c.Got.Statuses["none"]; n > 0 {
		return fmt.Sprintf("%d of %d faulty requests got no answer", n, c.Got.Requests)
	}
	late := c.Got.Slowest - c.Timeout
	return because(late > lateBy, "an answer came %.1f s after the deadline", late/1e3)
}

// letThrough applies to harm only: requests with a plugin that broke must not
// reach the upstream.
func letThrough(c *Cell) string {
	return because(c.fault().aim == harm && c.Got.Through != 0, "%d of %d faulty requests went on to the upstream",
		c.Got.Through, c.Got.Requests)
}

func memoryTaken(c *Cell) string {
	limit := c.Memory.Limit
	if c.ProcessLimit > 0 {
		limit = 0 // it is another process that has one
	}
	return above("the gateway", c.Memory.Peak, limit*int64(max(c.Got.Requests, 1)), c.Memory.Limit)
}

func processMemoryTaken(c *Cell) string {
	if c.ProcessLimit == 0 {
		return ""
	}
	return above("the process", c.Memory.Plugin, c.Memory.Limit, c.Memory.Limit)
}

// above gives a reason if a peak is above a bound by more than the slack.
func above(who string, peak *int64, bound, limit int64) string {
	if peak == nil || *peak <= bound+memorySlack {
		return ""
	}
	return fmt.Sprintf("%s took %d MiB with a limit of %d MiB", who, *peak>>20, limit>>20)
}

func processesStarted(c *Cell) string {
	if c.Processes == nil || c.ProcessLimit == 0 || *c.Processes <= c.ProcessLimit {
		return ""
	}
	return fmt.Sprintf("%d processes were started with a limit of %d", *c.Processes, c.ProcessLimit)
}

func neverBack(c *Cell) string {
	return because(c.Back == nil, "the plugin did not serve again within %v", backPatience)
}

func stateLeaked(c *Cell) string {
	return because(c.fault().aim == state && c.Got.Escaped != "" && !c.model().KeepsState,
		"a request saw what another one had left")
}

func stateKept(c *Cell) string {
	return because(c.fault().aim == state && c.Got.Escaped != "",
		"a request saw what another one had left: one process serves all of them")
}

func neighboursFailed(c *Cell) string {
	failed, requests := c.Neighbours.shared()
	return because(failed != 0, "%d of %d neighbours failed: same API %d, plugin %d, model %d", failed, requests,
		c.Neighbours.SameAPI.Failed, c.Neighbours.SamePlugin.Failed, c.Neighbours.SameModel.Failed)
}

func slowlyBack(c *Cell) string {
	return because(*c.Back > backSoon, "the plugin was away for %.0f ms", *c.Back)
}

func stillBusy(c *Cell) string {
	if c.Busy == nil || *c.Busy <= busyShare {
		return ""
	}
	return fmt.Sprintf("work went on after the answer, on %.1f processors", *c.Busy)
}

func logFlooded(c *Cell) string {
	return because(c.Logged > logShare, "the log grew by %d MiB", c.Logged>>20)
}

func held(c *Cell) string {
	switch c.fault().aim {
	case escape:
		return "the plugin got nothing"
	case state:
		return "no request saw what another one had left"
	case race:
		return "each request got one answer, its own or a timeout"
	default:
		return "only the faulty requests failed, with " + statuses(c.Got.Statuses)
	}
}

// statuses lists them as "500" or "500 and 504".
func statuses(counts map[string]int) string {
	all := slices.Sorted(maps.Keys(counts))
	if n := len(all) - 1; n > 0 {
		return strings.Join(all[:n], ", ") + " and " + all[n]
	}
	return strings.Join(all, "")
}
