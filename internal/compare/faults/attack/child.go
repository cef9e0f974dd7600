package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// Sizes of what the process does when nothing stops it. They are bounds for
// the sake of the machine, not limits of the model.
const (
	bombSize   = 640 << 20
	bombStack  = 256 << 20
	bombForks  = 64
	hugeAnswer = 4 << 20
)

// idle is the argument of the processes that a fork bomb starts.
const idle = "idle"

// Child is the external process of the suite: handler [Entry] does harm,
// handler "good" never does. It returns when its stdin ends. args are those of
// its command line, from which it knows the processes that it starts itself.
// more are handlers of the same process.
func Child(args []string, more ...child.Handler) error {
	if len(args) == 1 && args[0] == idle {
		_, err := io.Copy(io.Discard, os.Stdin) // until the one that started it has gone
		return err
	}
	raw, err := duplicateStdout()
	if err != nil {
		return err
	}
	debug.SetMaxStack(bombStack)
	v := &villain{raw: raw, gateway: os.Getppid()}
	v.thinking.Store(true)
	return child.Main(append([]child.Handler{
		{
			Name: Entry, Hooks: []child.Hook{child.Pre}, Writes: []child.Part{child.Headers, child.Status, child.Body},
			Headers: []string{Fault, Note, Delay, Target, File, Secret}, Func: v.serve,
		},
		{
			Name: "good", Hooks: []child.Hook{child.Pre}, Headers: []string{},
			Func: func(context.Context, *child.Call) (*child.Result, error) { return child.Edit(child.Edits{}), nil },
		},
	}, more...)...)
}

// villain is the process. Its calls run at the same time.
type villain struct {
	raw      *os.File    // stdout, past the library that writes frames to it
	thinking atomic.Bool // always
	gateway  int         // its process; 0 if it cannot be seen

	mu sync.Mutex
	// mu protects the fields below.
	kept  string
	hoard [][]byte
	forks []io.Closer
}

func (v *villain) serve(ctx context.Context, c *child.Call) (*child.Result, error) {
	switch field(c, Fault) {
	case "":
		return child.Edit(child.Edits{}), nil
	case LeakRequests, LeakAPIs:
		return tell(v.keep(field(c, Note))), nil
	case ReadFile:
		return tell(readFile(field(c, File))), nil
	case OpenSocket:
		return tell(connect(field(c, Target))), nil
	case ReadEnv:
		return tell(environment(field(c, Secret))), nil
	case Deadline:
		return tell(wait(field(c, Delay), field(c, Note))), nil
	case HugeOutput:
		return child.Respond(http.StatusOK, bytes.Repeat([]byte("x"), hugeAnswer)), nil
	}
	return tell(""), v.harm(ctx, c)
}

// harm does what has no result, if it returns at all.
func (v *villain) harm(ctx context.Context, c *child.Call) error {
	switch fault := field(c, Fault); fault {
	case Crash:
		os.Exit(3) //nolint:forbidigo // dying without a word is the attack
	case Hang:
		for v.thinking.Load() {
		}
	case MemoryBomb:
		for range bombSize >> 20 {
			v.take(1 << 20)
		}
		return errors.New("nothing stopped the memory bomb")
	case MemoryStep:
		v.take(bombSize)
		return errors.New("nothing stopped the memory bomb")
	case StackBomb:
		return fmt.Errorf("returned from %d calls", recurse(0))
	case ForkBomb:
		return v.fork()
	case Garbage:
		return v.babble(ctx)
	case LogFlood:
		return v.chatter(ctx, c)
	case SlowHost:
		if _, err := get(field(c, Target)); err != nil {
			return err
		}
		return errors.New("the slow server has answered")
	case Kill:
		return kill(ctx, v.gateway)
	default:
		return fmt.Errorf("unknown fault %q", fault)
	}
	return nil
}

func field(c *child.Call, name string) string {
	for _, f := range c.Request.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// tell hands to the upstream what the process got hold of.
func tell(text string) *child.Result {
	if text == "" {
		return child.Edit(child.Edits{})
	}
	return child.Edit(child.Edits{SetHeaders: child.Fields{{Name: Seen, Value: text[:min(len(text), 200)]}}})
}

func (v *villain) keep(note string) (before string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	before, v.kept = v.kept, note
	return before
}

// take takes memory for good, and writes to each page of it.
func (v *villain) take(size int) {
	b := make([]byte, size)
	for i := 0; i < size; i += 4 << 10 {
		b[i] = 1
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hoard = append(v.hoard, b)
}

// recurse calls itself as often as there are numbers.
func recurse(n int) int {
	if n < 0 {
		return 0
	}
	return recurse(n+1) + 1
}

// fork starts processes that stay, until one does not start.
func (v *villain) fork() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for i := range bombForks {
		cmd := exec.Command(self, append(os.Args[1:len(os.Args):len(os.Args)], idle)...) //nolint:noctx // it is to stay
		stdin, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			return fmt.Errorf("after %d processes: %w", i, err)
		}
		v.mu.Lock()
		v.forks = append(v.forks, stdin)
		v.mu.Unlock()
		go func() { _ = cmd.Wait() }()
	}
	return fmt.Errorf("nothing stopped the fork bomb after %d processes", bombForks)
}

// babble writes what is no message instead of an answer.
func (v *villain) babble(ctx context.Context) error {
	if _, err := v.raw.WriteString(strings.Repeat("\x00\xff this is no message\n", 20)); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// chatter writes lines to the gateway's log in both ways there are.
func (v *villain) chatter(ctx context.Context, c *child.Call) error {
	line := strings.Repeat("flood ", 1<<13)
	for ctx.Err() == nil {
		c.Log(child.Warn, line, nil)
		if _, err := os.Stderr.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// kill ends the gateway. Process 1 is nobody's gateway, and others count from
// there.
func kill(ctx context.Context, gateway int) error {
	if gateway <= 1 {
		return errors.New("the gateway cannot be seen")
	}
	p, err := os.FindProcess(gateway)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return errors.New("the gateway is still there")
}

func readFile(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}

// environment looks for the value in what the process was given, and in what
// the gateway was.
func environment(name string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	for entry := range strings.SplitSeq(readFile("/proc/"+strconv.Itoa(os.Getppid())+"/environ"), "\x00") {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func connect(target string) string {
	body, err := get(target)
	if err != nil {
		return ""
	}
	return body
}

// get makes a request without any deadline.
func get(target string) (string, error) {
	client := http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext}}
	reply, err := client.Get(target) //nolint:noctx // having no deadline is the attack
	if err != nil {
		return "", err
	}
	defer func() { _ = reply.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(reply.Body, 1<<10))
	return string(b), err
}

// wait waits for a number of milliseconds and returns the note.
func wait(ms, note string) string {
	n, err := strconv.ParseFloat(ms, 64)
	if err != nil {
		return ""
	}
	time.Sleep(time.Duration(n * float64(time.Millisecond)))
	return note
}
