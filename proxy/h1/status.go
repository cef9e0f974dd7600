package h1

// StatusError is why the gateway itself answers a request. Its status and its
// text are all that the client learns; the errors that wrap it are for the
// log.
type StatusError struct {
	Status int
	Text   string

	// RetryAfter is in how many seconds the client may try again; 0 says
	// nothing of it.
	RetryAfter int
}

// Error returns the text for the client.
func (e *StatusError) Error() string { return e.Text }

// ErrClientGone is told to nobody but the log: the client left before its reply.
var ErrClientGone = &StatusError{Status: 499, Text: "client closed request"}
