package hostapi

const (
	// MaxLine is where a line of a script's log is cut, in bytes.
	MaxLine = 64 << 10
	// maxLogged is how many bytes one call may log; the rest is dropped.
	maxLogged = 256 << 10
)

// LogsTooMuch is what the log says once of a call that has used up its ration.
const LogsTooMuch = "the call logs too much: the rest of it is dropped"

// Ration is how many bytes of log lines a call has used. The zero value is that
// of a call that begins.
type Ration int

// Spend counts a line of so many bytes and its end. It reports whether the line
// is to be written, and if not, whether it is the first that is dropped.
func (r *Ration) Spend(size int) (ok, first bool) {
	if *r > maxLogged {
		return false, false
	}
	*r += Ration(size) + 1
	return *r <= maxLogged, *r > maxLogged
}
