package abi

// Status says how a runtime keeps the instances of a plugin at this moment.
type Status struct {
	Mode      Mode
	Reset     string // how an instance gets fresh state: a strategy, "new-instance" or "none"
	Reason    string // why it is not the usual way; empty if it is
	Instances int    // that exist, in use or idle
	Idle      int    // of these
	Memory    uint64 // bytes resident for all of them, estimated
}

// Reporter is a [Plugin] that can tell how it is doing.
type Reporter interface {
	// Status may be called from many goroutines, and while calls run.
	Status() Status
}
