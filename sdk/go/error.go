package sallyport

// Errno is an error of a host function. Edits that fail have no effect.
type Errno int32

// The errors.
const (
	ErrNotFound Errno = -1 // no such value
	ErrFault    Errno = -2 // pointer outside of the memory
	ErrInvalid  Errno = -3 // not a valid name, value, status, …
	ErrReadOnly Errno = -4 // this part cannot be edited in this hook
	ErrLimit    Errno = -5 // the edit exceeds a limit
	ErrStreamed Errno = -6 // the body was not buffered for this hook
	ErrNoCall   Errno = -7 // no hook is running
)

// Error describes the error.
func (e Errno) Error() string {
	switch e {
	case ErrNotFound:
		return "sallyport: not found"
	case ErrFault:
		return "sallyport: pointer outside of the memory"
	case ErrInvalid:
		return "sallyport: invalid argument"
	case ErrReadOnly:
		return "sallyport: cannot be edited in this hook"
	case ErrLimit:
		return "sallyport: limit exceeded"
	case ErrStreamed:
		return "sallyport: body was not buffered"
	case ErrNoCall:
		return "sallyport: no hook is running"
	}
	return "sallyport: unknown error"
}

// check returns the error of a result.
func check(n int32) error {
	if n >= 0 {
		return nil
	}
	return Errno(n)
}
