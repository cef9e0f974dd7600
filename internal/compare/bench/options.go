package bench

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Options say what to measure and for how long. The zero value of a field is
// its default.
type Options struct {
	// Rows selects rows: one is measured if all words of an entry are words of
	// its name. None selects all. The gateway without a plugin is always there.
	Rows []string

	// Hooks are names of [Hooks]; none is the header hook.
	Hooks []string

	// Duration is how long a row is measured in the closed loop, and four
	// times what it is measured at each rate of the open loop; 12 s.
	Duration time.Duration

	// Rounds is in how many slices the closed loop is cut; 60. More of them
	// make better medians than longer ones.
	Rounds int

	// Chain is how many plugins of the same kind follow each other; 1.
	Chain int

	// Concurrency is the number of connections; 16.
	Concurrency int

	// Program is what is started for each process, and takes the arguments of
	// [Child].
	Program string

	// Version of the program.
	Version string

	// Progress gets lines about what is being done; nil drops them.
	Progress io.Writer
}

// Quick changes what is not set so that all rows of a hook take less than two
// minutes.
func (o Options) Quick() Options {
	if o.Duration == 0 {
		o.Duration = time.Second
	}
	if o.Rounds == 0 {
		o.Rounds = 40
	}
	return o
}

// The bounds of options. A request passes at most as many plugins as it may
// have edits.
const (
	maxChain       = 32
	maxConnections = 1024
	maxRounds      = 1000
	shortestSlice  = 10 * time.Millisecond
)

// Validate fills in defaults and says what is wrong.
func (o *Options) Validate() error {
	o.Duration = positive(o.Duration, 12*time.Second)
	o.Rounds = positive(o.Rounds, 60)
	o.Chain = positive(o.Chain, 1)
	o.Concurrency = positive(o.Concurrency, 16)
	if len(o.Hooks) == 0 {
		o.Hooks = []string{"headers"}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	switch {
	case o.Chain > maxChain:
		return fmt.Errorf("a chain has at most %d plugins, not %d", maxChain, o.Chain)
	case o.Concurrency > maxConnections:
		return fmt.Errorf("there are at most %d connections, not %d", maxConnections, o.Concurrency)
	case o.Rounds > maxRounds:
		return fmt.Errorf("there are at most %d rounds, not %d", maxRounds, o.Rounds)
	case o.slice() < shortestSlice:
		return fmt.Errorf("%v in %d rounds are slices of %v, less than %v: take fewer rounds or more time",
			o.Duration, o.Rounds, o.slice().Round(time.Microsecond), shortestSlice)
	}
	if err := o.checkHooks(); err != nil {
		return err
	}
	return o.checkRows()
}

func (o *Options) checkHooks() error {
	for _, name := range o.Hooks {
		h, ok := hookNamed(name)
		if !ok {
			return fmt.Errorf("no hook %q; there are %s", name, strings.Join(HookNames(), ", "))
		}
		if o.Chain > 1 && h.single {
			return fmt.Errorf("the hook %s takes one plugin: it cannot be measured in a chain", name)
		}
	}
	return nil
}

func (o *Options) checkRows() error {
	for _, term := range o.Rows {
		matches := func(r *row) bool { return matches(r.Name, term) }
		if !slices.ContainsFunc(rows(), matches) {
			return fmt.Errorf("no row matches %q; there are %s", term, strings.Join(rowNames(), ", "))
		}
	}
	return nil
}

// slice is the length of one slice of the closed loop.
func (o *Options) slice() time.Duration { return o.Duration / time.Duration(o.Rounds) }

// paceTime is how long a rate of the open loop is measured.
func (o *Options) paceTime() time.Duration { return o.Duration / 4 }

// aloneTime is how long one request at a time is sent.
func (o *Options) aloneTime() time.Duration { return min(o.paceTime(), time.Second) }

// passes is in how many parts the open loop is cut.
func (o *Options) passes() int { return min(3, max(1, int(o.paceTime()/time.Second))) }

// selected returns the rows to measure.
func (o *Options) selected() (all []*row) {
	for _, r := range rows() {
		if r.always() || len(o.Rows) == 0 || slices.ContainsFunc(o.Rows,
			func(term string) bool { return matches(r.Name, term) }) {
			all = append(all, r)
		}
	}
	return all
}

// matches reports whether all words of a term are words of a name.
func matches(name, term string) bool {
	words := strings.Fields(strings.ToLower(term))
	for _, w := range words {
		if !slices.Contains(strings.Fields(strings.ReplaceAll(name, ",", "")), w) {
			return false
		}
	}
	return len(words) > 0
}

func positive[T int | time.Duration](n, otherwise T) T {
	if n > 0 {
		return n
	}
	return otherwise
}

// processors is what the program and its children may use.
func processors() int { return runtime.GOMAXPROCS(0) }

// ValidateBeside is Validate for a comparison with peers at several numbers of
// connections.
func (o Options) ValidateBeside(connections []int) error {
	if len(connections) == 0 {
		return errors.New("--concurrency needs at least one number")
	}
	for _, n := range connections {
		if n < 1 {
			return fmt.Errorf("--concurrency: there must be at least one connection, not %d", n)
		}
		o.Concurrency = n
		if err := o.Validate(); err != nil {
			return err
		}
	}
	return nil
}
