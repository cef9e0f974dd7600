package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"
)

// childCommand is the hidden command that the program must have.
const childCommand = "bench-child"

// The kinds of children: first argument of [childCommand].
const (
	ChildUpstream  = "upstream"  // the upstream
	ChildForwarder = "forwarder" // the bare forwarder; then the address of the upstream
	ChildGateway   = "gateway"   // the gateway, with the references; then its configuration file
	ChildProcess   = "coproc"    // the external process in Go
)

// Child returns the arguments with which the program plays a part of the
// benchmark. All but the external process speak the protocol of [Serve].
func Child(kind string, args ...string) []string {
	return append([]string{childCommand, kind}, args...)
}

// ChildName is the name of the command.
func ChildName() string { return childCommand }

// Ready is the first line of a child: it listens.
type Ready struct {
	Address string        `json:"address"`
	Load    time.Duration `json:"load"` // what loading the plugins took
}

// State is what a child says of itself when it is asked.
type State struct {
	Mallocs uint64 `json:"mallocs"` // allocations so far
	Bytes   uint64 `json:"bytes"`   // allocated so far

	Calls     uint64            `json:"calls"` // of plugins
	Faults    map[string]uint64 `json:"faults"`
	Instances int               `json:"instances"`       // of all plugins
	Memory    uint64            `json:"instance_memory"` // of all instances together
	Process   int               `json:"process"`         // the external one; 0 if there is none
}

// Serve tells the parent that a child is ready and answers its questions until
// there are no more: then the child is to end. A parent that dies leaves no
// children behind. state fills in what is not of the Go runtime; it may be nil.
func Serve(in io.Reader, out io.Writer, ready Ready, state func(*State)) error {
	enc := json.NewEncoder(out)
	if err := enc.Encode(&ready); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		s := allocated()
		if state != nil {
			state(&s)
		}
		if err := enc.Encode(&s); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	return nil
}

func allocated() State {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return State{Mallocs: m.Mallocs, Bytes: m.TotalAlloc}
}
