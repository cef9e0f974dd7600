package attack

// Params are what modules are made with, because they cannot read it from the
// fields of the request.
type Params struct {
	Slow   string // URL that is granted, and answers late
	Target string // URL that is not granted
	File   string // path that is not granted
	Secret string // name of an environment value that is not granted
}

// Module returns the WebAssembly binary for a fault; nil if there is none of
// that name. Its hook post does nothing.
func Module(fault string, p Params) []byte {
	harm, ok := harms(p)[fault]
	if !ok {
		return nil
	}
	return harm.OnFault().Bytes()
}

func harms(p Params) map[string]Harm {
	const atOnce = 320 << 4 // pages, 320 MiB
	return map[string]Harm{
		Crash:        Trap(),
		Hang:         Loop(),
		MemoryBomb:   TakeForever(),
		MemoryStep:   GrowAtOnce(atOnce),
		StackBomb:    Recursion(),
		ForkBomb:     CallTree(),
		Garbage:      BadVerdict(),
		HugeOutput:   HugeReply(),
		LogFlood:     Chatter(),
		SlowHost:     Ask(p.Slow),
		LeakRequests: Keep(),
		LeakAPIs:     Keep(),
		ReadFile:     Open(p.File),
		OpenSocket:   Request(p.Target),
		ReadEnv:      Environment(p.Secret),
		Kill:         Exit(),
		Deadline:     LastMoment(),
	}
}
