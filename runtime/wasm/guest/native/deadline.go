package native

import (
	"errors"
	"time"

	"github.com/c386954a/sallyport/abi"
)

var errLate = &abi.Error{Kind: abi.Timeout, Err: errors.New("the deadline passed during a host call")}

// checkDeadline returns the code of a call that is too late to begin anything,
// or 0.
func (c *Call) checkDeadline() int64 {
	if c.late() {
		return c.refuse(CodeTimeout, errLate)
	}
	return 0
}

func (c *Call) late() bool { return !time.Now().Before(c.deadline) }
