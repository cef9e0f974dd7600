package sallyport

// Verdict is what a hook decides.
type Verdict int32

const (
	// Continue lets the request go on.
	Continue Verdict = iota
	// Respond ends the request with the reply that the hook has set.
	Respond
)

// Run calls a handler with the exchange of the hook that is running. Only
// exported hook functions call it.
func Run(handler func(*Exchange) Verdict) Verdict {
	current.begin()
	return handler(current)
}

// current is the exchange of this instance, which serves one hook at a time.
var current = newExchange(host{})
