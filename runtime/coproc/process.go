package coproc

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/loglimit"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// drain is how long reading what a dead process has written may take. It matters
// only if a descendant outside its group keeps the pipe open.
const drain = 50 * time.Millisecond

// process is one run of the child: its pipes, its pending calls and the
// goroutines that serve them. It is not restarted; the supervisor starts
// another. Calls may come from many goroutines.
type process struct {
	cfg   *Config
	log   zerolog.Logger
	stats *stats

	cmd        *exec.Cmd
	pipes      *pipes
	report     *sandbox.Enforcement // what confines it; nil without a sandbox
	out        *frameWriter
	table      *callTable
	errors     *stderr
	strayLines faultCount // stdout lines that are no frames; of the reader

	logLimit *loglimit.Limiter // log notifications; of the reader
	parser   rpc.Parser        // of the reader

	handlers []rpc.HandlerSpec // set by the handshake, before any call
	maxOut   int               // bytes of a frame it takes; set by the handshake
	born     time.Time

	dead   chan struct{} // closed once no answer can come any more
	ending atomic.Bool   // it is being killed, or dead, and takes no new calls
	held   atomic.Bool   // it has said itself how large the window is to be
	exited chan struct{} // closed once it has been reaped

	answered atomic.Uint64 // calls
	quit     chan struct{} // ends health and the memory limit
	wg       sync.WaitGroup

	// mu protects the fields below.
	mu           sync.Mutex
	cause        error      // why it died: the first reason seen
	brokenFrames faultCount // frames that are not JSON-RPC
	status       error      // of the exit
	reaped       bool       // its number may be another's
}

// newProcess starts the child and its goroutines. The thread that calls it
// must live at least as long as the child.
func newProcess(c *Config, st *stats) (*process, error) {
	born, err := spawn(c)
	if err != nil {
		return nil, err
	}
	cmd, ends := born.cmd, born.pipes
	p := &process{
		cfg: c, stats: st, cmd: cmd, pipes: ends, report: born.report, maxOut: c.MaxMessage, born: time.Now(),
		log:      c.Logger.With().Str("process", c.Name).Int("pid", cmd.Process.Pid).Logger(),
		table:    newTable(c.MaxInFlight),
		logLimit: loglimit.New(maxLines, time.Second),
		dead:     make(chan struct{}), exited: make(chan struct{}), quit: make(chan struct{}),
	}
	p.errors = newStderr(p.log)
	p.out, err = newWriter(ends.stdin, 2*c.MaxMessage, c.WriteStall, p.unwritable)
	if err != nil {
		killGroup(cmd)
		_ = cmd.Wait()
		ends.close()
		return nil, err
	}
	p.wg.Go(p.read)
	p.wg.Go(func() { p.errors.copy(ends.stderr) })
	p.wg.Go(p.reap)
	if p.report != nil {
		p.wg.Go(p.limitMemory)
	}
	return p, nil
}

// reap waits for the end of the child, then ends what it has left behind.
// Where the system allows, the group is killed before the child's number is
// free for another process.
func (p *process) reap() {
	if awaitExit(p.cmd) {
		p.mu.Lock()
		killGroup(p.cmd)
		p.status, p.reaped = p.cmd.Wait(), true
		p.mu.Unlock()
	} else {
		err := p.cmd.Wait()
		p.mu.Lock()
		p.status, p.reaped = err, true
		p.mu.Unlock()
		killGroup(p.cmd)
	}
	close(p.exited)
	limit := time.Now().Add(drain)
	_ = p.pipes.stdout.SetReadDeadline(limit)
	_ = p.pipes.stderr.SetReadDeadline(limit)
}

// kill ends the child for the given reason. Later reasons are ignored.
func (p *process) kill(cause error) {
	p.ending.Store(true)
	p.blame(cause)
	p.signal(killGroup)
}

// unwritable ends a child that takes nothing any more.
func (p *process) unwritable(cause error) {
	if errors.Is(cause, syscall.EPIPE) {
		cause = errStdin
	}
	p.kill(cause)
}

// signal sends a signal to the group unless its number may be another's.
func (p *process) signal(send func(*exec.Cmd)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		send(p.cmd)
	}
}

func (p *process) blame(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cause == nil {
		p.cause = cause
	}
}

// close ends the child, if it lives, and waits for everything it had.
func (p *process) close() {
	p.kill(errClosed)
	close(p.quit)
	p.wg.Wait()
	p.out.close()
	p.pipes.close()
	if p.report != nil {
		p.report.Close()
	}
}

// stop ends the child in steps: the shutdown request, closing its stdin,
// SIGTERM, SIGKILL. When force is closed it goes to the last step at once.
func (p *process) stop(force <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.StopGrace)
	defer cancel()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, err := p.control(ctx, "shutdown", map[string]int64{"grace_ms": p.cfg.StopGrace.Milliseconds()})
		if err != nil {
			p.log.Warn().Err(err).Msg("plugin process did not answer shutdown")
		}
	}()
	p.await(asked, p.cfg.StopGrace, force)
	cancel()
	p.out.close()
	if !p.await(p.exited, p.cfg.StopGrace, force) {
		p.signal(terminate)
		p.await(p.exited, p.cfg.TermGrace, force)
	}
	p.close()
	<-asked
}

// await waits for done and reports whether it came before the limit.
func (p *process) await(done <-chan struct{}, limit time.Duration, force <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-p.exited:
		return true
	case <-force:
	case <-timer.C:
	}
	return false
}

// exitReason says why the child died, with its last lines of stderr. It must
// not be called before close.
func (p *process) exitReason() error {
	p.mu.Lock()
	cause, status := p.cause, p.status
	p.mu.Unlock()
	exit, _ := errors.AsType[*exec.ExitError](status)
	switch {
	case exit == nil:
	case errors.Is(cause, errEnded), errors.Is(cause, errStdin) && exit.Exited():
		cause = status // its own exit status says more than what we saw of it
	}
	if tail := p.errors.tail(); tail != "" {
		return fmt.Errorf("%w; last on its stderr: %s", cause, tail)
	}
	return cause
}

// cannotExecute reports whether starting the same command again makes no sense:
// 126 and 127 are what shells and the sandbox say of a program that cannot be
// executed.
func (p *process) cannotExecute() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	exit, ok := errors.AsType[*exec.ExitError](p.status)
	return ok && (exit.ExitCode() == 126 || exit.ExitCode() == 127)
}

// health pings the child and ends it if it leaves pings or calls unanswered.
func (p *process) health() {
	tick := time.NewTicker(max(p.cfg.PingInterval/5, time.Millisecond))
	defer tick.Stop()
	misses, ticks := 0, 0
	for {
		select {
		case <-p.quit:
			return
		case <-p.dead:
			return
		case now := <-tick.C:
			if p.table.stuck(now) {
				p.kill(errUnanswered)
				return
			}
		}
		if ticks++; ticks%5 != 0 {
			continue
		}
		if misses++; p.ping() {
			misses = 0
		}
		if misses == 3 {
			p.kill(errPing)
			return
		}
	}
}

var (
	errEnded      = errors.New("process ended")
	errStdin      = errors.New("process closed its stdin")
	errUnanswered = errors.New("process does not answer calls whose deadline is long past")
	errPing       = errors.New("process does not answer pings")
)
