// Command sallyport is an HTTP API gateway whose plugins run in the isolation
// model that the operator picks for each.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		sandbox.Main() // it must stay small and quick, so nothing else runs before it
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := newProgram().execute(ctx, newStreams(), os.Args[1:])
	stop()
	os.Exit(code)
}
