package guest

import (
	"context"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Waiting returns the context of a host function that waits for somebody else,
// in a call with x, which may be nil. It ends at the deadline, and when the
// client has gone.
func Waiting(ctx context.Context, deadline time.Time, x *abi.Exchange) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	if x == nil || x.Gone == nil {
		return ctx, cancel
	}
	gone := x.Gone // x may carry another request when this goroutine begins
	go func() {
		select {
		case <-gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
