package loglimit

const (
	// MaxLine is where a line of a script's log is cut, in bytes.
	MaxLine = 64 << 10

	maxLogged = 256 << 10 // bytes that one call may log
)

// Exhausted is what the log says once about a call that has used its budget.
const Exhausted = "the call logs too much: the rest of it is dropped"

// Budget is how many bytes of log lines a call has used. The zero value is
// that of a call that begins. It belongs to one goroutine at a time.
type Budget int

// Spend counts a line of size bytes and its end. It reports whether the line
// is to be written, and if not, whether it is the first that is dropped.
func (b *Budget) Spend(size int) (ok, first bool) {
	if *b > maxLogged {
		return false, false
	}
	*b += Budget(size) + 1
	return *b <= maxLogged, *b > maxLogged
}
