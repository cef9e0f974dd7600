package sallyport

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	version      = "1.0"
	defaultLimit = 8 << 20
	bufferSize   = 64 << 10
)

// Plugin is what a process offers. Only Handlers must be set.
type Plugin struct {
	Name     string // as the gateway's log shows it; "go" if empty
	Version  string
	Handlers []Handler

	MaxInFlight int           // calls at the same time, 256 if zero
	MaxMessage  int           // bytes of a message, 8 MiB if zero
	Grace       time.Duration // what calls may take to end after stdin has ended, 2 s if zero

	// OnLoad is called before an API's calls, and again with each generation of
	// it. An error refuses the API, and its text is what the operator reads.
	OnLoad func(context.Context, *Gateway, *API) error

	// OnUnload is called when no calls of a generation come any more.
	OnUnload func(*API)
}

// Main is [Plugin.Main] of a plugin that has only handlers.
func Main(handlers ...Handler) error { return Plugin{Handlers: handlers}.Main() }

// Main serves the plugin on the process's stdin and stdout until stdin ends.
// What the process prints goes to stderr from then on. With the arguments
// --play FILE it does not serve: see [Plugin.Play].
func (p Plugin) Main() error {
	out, err := takeStdout()
	if err != nil {
		return fmt.Errorf("take stdout: %w", err)
	}
	if len(os.Args) == 3 && os.Args[1] == "--play" {
		f, err := os.Open(os.Args[2])
		if err != nil {
			return err
		}
		defer f.Close()
		return p.Play(context.Background(), f, out)
	}
	return p.Serve(context.Background(), os.Stdin, out)
}

// Serve speaks the protocol on r and w until r ends. It then ends the contexts
// of the calls that run, waits for them, but not longer than the plugin's
// Grace, and returns: nil if r ended cleanly.
func (p Plugin) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := newServer(p, w)
	err := s.read(ctx, newLines(r, s.plugin.MaxMessage), false)
	cancel()
	s.drain()
	return err
}

// Play is the testing mode: it feeds the frames in r, one per line, and writes
// the answers to w. A frame is fed when the calls before it are answered,
// unless it is a cancel, so that the output is the same every time. Lines that begin
// with # are comments.
func (p Plugin) Play(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := newServer(p, w)
	err := s.read(ctx, newLines(r, s.plugin.MaxMessage), true)
	s.calls.Wait()
	s.drain()
	return err
}

func (p Plugin) withDefaults() Plugin {
	if p.Name == "" {
		p.Name = "go"
	}
	if p.MaxInFlight == 0 {
		p.MaxInFlight = 256
	}
	if p.MaxMessage == 0 {
		p.MaxMessage = defaultLimit
	}
	if p.Grace == 0 {
		p.Grace = 2 * time.Second
	}
	return p
}
