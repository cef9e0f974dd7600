package bench

import "time"

// What tests look at from inside.
var (
	Median      = median
	Deviation   = deviation
	Differences = differences
	RowNames    = rowNames
)

// Selected returns the names of the rows that options select.
func (o *Options) Selected() (names []string) {
	for _, r := range o.selected() {
		names = append(names, r.Name)
	}
	return names
}

// Configuration writes what a row is served with and returns it.
func Configuration(dir, program, rowName, hook string, chain int) (string, error) {
	h, _ := hookNamed(hook)
	for _, r := range rows() {
		if r.Name == rowName {
			return r.configuration(folder{dir, program}, &h, "127.0.0.1:1", chain)
		}
	}
	return "", nil
}

// SpawnWithin starts a child that has so long to answer one question, and
// returns what went wrong until it is gone.
func SpawnWithin(program string, limit time.Duration, args ...string) error {
	c, err := spawn(program, "", args...)
	if err != nil {
		return err
	}
	var s State
	_, _ = c.in.Write([]byte("state\n"))
	err = c.read(&s, limit)
	_ = c.close()
	return err
}

// Left returns what a progress guesses.
func Left(total, done, took time.Duration) time.Duration {
	p := &progress{total: total, done: done}
	return p.left(took)
}

// MeasureLoops and MeasureIdle are the scenes of the targets.
var (
	MeasureLoops = measureLoops
	MeasureIdle  = measureIdle
)

// Compare makes targets of three runs and two scenes.
func Compare(plain, chained, many *Result, loops *Loops, idle float64) *Targets {
	t := &Targets{Runs: []*Result{plain, chained, many}, Loops: *loops}
	t.fill(idle)
	return t
}
