package sallyport

// Errno is an error of a host function. Edits that fail have no effect.
type Errno int32

// The errors.
const (
	ErrNotFound Errno = -1 // no such value
	ErrFault    Errno = -2 // pointer outside of the memory
	ErrInvalid  Errno = -3 // not a valid name, value, status, …
	ErrReadOnly Errno = -4 // this part cannot be edited in this hook
	ErrLimit    Errno = -5 // a limit is exceeded
	ErrStreamed Errno = -6 // the body was not buffered for this hook
	ErrNoCall   Errno = -7 // no hook is running

	ErrDenied      Errno = -8  // the key, URL or name was not granted
	ErrUnavailable Errno = -9  // the store or the network did not answer as it should
	ErrTimeout     Errno = -10 // the deadline of the hook passed
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
	case ErrDenied:
		return "sallyport: not granted"
	case ErrUnavailable:
		return "sallyport: not available"
	case ErrTimeout:
		return "sallyport: deadline passed"
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
