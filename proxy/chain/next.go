package chain

// Next says how a request goes on after the hooks before the upstream.
type Next uint8

const (
	// Forward means that the request is to be sent to the upstream.
	Forward Next = iota
	// Answered means that a plugin has answered: the reply is final.
	Answered
	// Redirected means that the request goes on with the chain of another API,
	// see [abi.Exchange.Redirected].
	Redirected
	// Failed means that a plugin has failed, and that its policy does not let
	// the request pass.
	Failed
)

// String returns the name in lower case.
func (n Next) String() string {
	return [...]string{"forward", "answered", "redirected", "failed"}[n&3]
}
