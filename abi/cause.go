package abi

// Events that an answer may stand for.
const (
	AuthFailure       = "AuthFailure"
	KeyExpired        = "KeyExpired"
	QuotaExceeded     = "QuotaExceeded"
	RatelimitExceeded = "RatelimitExceeded"
	VersionFailure    = "VersionFailure"
)

// Cause is why a plugin turned a request away. Subscribers of the event hook
// are told; the client is not. The zero value leaves it to the hook.
type Cause struct {
	Event   string // one of the constants above, or a name of the plugin's own
	Message string
	Reason  string // more about it; VersionFailure has one
	Key     []byte // the credential that was shown; nil means the session's key id
}

// SetCause says why the plugin is about to answer. It is legal wherever there
// is no reply yet, and forgotten if the plugin then lets the request go on.
// It does not allocate: the bytes of the key must be those of the exchange,
// or never change.
func (x *Exchange) SetCause(c Cause) error {
	if !x.Hook.BeforeReply() {
		return ErrReadOnly
	}
	x.touch(CausePart)
	x.cause = c
	return nil
}

// Cause returns why the request was turned away.
func (x *Exchange) Cause() Cause { return x.cause }

// Reject is [Exchange.Answer] with an error that is final: the response hooks
// do not see it, whatever the API does with other answers.
func (x *Exchange) Reject(status int, body []byte) error {
	if err := x.Answer(status, body); err != nil {
		return err
	}
	x.touch(FinalPart)
	x.final = true
	return nil
}

// Rejected reports whether the reply was made by [Exchange.Reject].
func (x *Exchange) Rejected() bool { return x.final }
