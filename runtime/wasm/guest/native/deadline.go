package native

import (
	"errors"
	"time"

	"github.com/c386954a/sallyport/abi"
)

var errExpired = &abi.Error{Kind: abi.Timeout, Err: errors.New("the deadline passed during a host call")}

// checkDeadline returns the code of a call of which the deadline has passed, or
// 0.
func (c *Call) checkDeadline() int64 {
	if c.expired() {
		return c.refuse(CodeTimeout, errExpired)
	}
	return 0
}

func (c *Call) expired() bool { return !time.Now().Before(c.deadline) }
