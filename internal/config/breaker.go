package config

import "time"

// BreakerSettings says when calls of a plugin are answered without it, because the last
// ones have all timed out.
type BreakerSettings struct {
	Timeouts int           // in a row, within Window, open it
	Window   time.Duration // see Timeouts
	Pause    time.Duration // the first one
	MaxPause time.Duration // the longest one
}

// usualBreaker is what a plugin has unless the file says otherwise.
func usualBreaker() *BreakerSettings {
	return &BreakerSettings{Timeouts: 5, Window: 10 * time.Second, Pause: time.Second, MaxPause: 30 * time.Second}
}

// breaker reads on, off or the settings; d is the default, of which nil means off.
func (f *fields) breaker(d *BreakerSettings) *BreakerSettings {
	if e := f.entry("breaker"); e == nil || e.value.kind != mapping {
		return f.switched(d)
	}
	m := f.in("breaker")
	defer m.done()
	if d == nil {
		d = usualBreaker()
	}
	return &BreakerSettings{
		Timeouts: m.count("timeouts", d.Timeouts, 1),
		Window:   m.duration("window", d.Window),
		Pause:    m.duration("pause", d.Pause),
		MaxPause: m.duration("max_pause", d.MaxPause),
	}
}

func (f *fields) switched(d *BreakerSettings) *BreakerSettings {
	switch f.choice("breaker", "", "on", "off") {
	case "off":
		return nil
	case "on":
		if d == nil {
			return usualBreaker()
		}
	}
	return d
}
