package js

import "github.com/c386954a/sallyport/abi"

// Sizes of what is set aside in the guest.
const (
	scratchSize = 96
	bufferSize  = 16 << 10 // for what is handed over
)

// layout says where the set-up has put things in an instance. In clones they are
// in the same place.
type layout struct {
	context, runtime uint32 // of the engine
	name             uint32 // of files that have none
	scratch          uint32 // arguments of calls, and two lengths
	buffer           uint32 // for what is handed over

	undefined, null, exception value
	object                     uint32 // tag of objects

	functions functions
	hooks     abi.HookSet // that the entry serves
}

// functions are those of dispatch.js.
type functions struct {
	request, response, virtual, event, settled, describe value
}

// length is where the engine writes the length of a text, innerLength the same
// for host functions.
func (l *layout) length() uint32      { return l.scratch + 64 }
func (l *layout) innerLength() uint32 { return l.scratch + 72 }
