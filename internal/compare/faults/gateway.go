package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/output"
)

const (
	startPatience = 30 * time.Second
	stopPatience  = 5 * time.Second
)

// gatewayProcess is a running gateway.
type gatewayProcess struct {
	cmd  *exec.Cmd
	url  string
	logs *output.Tail
	done sync.WaitGroup // of what reads its output

	ended chan struct{} // closed when it has exited
	err   error         // how it exited; valid once ended is closed
}

var listening = regexp.MustCompile(`listening on (http://[^\s,]+)`)

// startGateway runs command with a configuration file and waits until it
// listens. The caller must call stop.
func startGateway(ctx context.Context, command, env []string, file string) (*gatewayProcess, error) {
	g := &gatewayProcess{logs: &output.Tail{}, ended: make(chan struct{})}
	args := append(command[1:len(command):len(command)], "-c", file)
	g.cmd = exec.Command(command[0], args...) //nolint:noctx // it is stopped by stop
	g.cmd.Dir = filepath.Dir(file)
	g.cmd.Env = append(os.Environ(), env...)
	g.cmd.Stderr = g.logs
	g.cmd.WaitDelay = time.Second // what it has started may hold its output open
	out, write := io.Pipe()
	g.cmd.Stdout = write
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the gateway: %w", err)
	}
	found := make(chan string, 1)
	g.done.Go(func() { scan(out, found) })
	g.done.Go(func() {
		g.err = g.cmd.Wait()
		_ = write.Close()
		close(g.ended)
	})
	if err := g.await(ctx, found); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

// scan reads all of the output and hands over the address in it.
func scan(out io.Reader, found chan<- string) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			select {
			case found <- m[1]:
			default:
			}
		}
	}
	_, _ = io.Copy(io.Discard, out)
}

func (g *gatewayProcess) await(ctx context.Context, found <-chan string) error {
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	select {
	case g.url = <-found:
		return nil
	case <-g.ended:
		return fmt.Errorf("the gateway does not start: %s: %s", g.died(), g.logs)
	case <-patience.C:
		return fmt.Errorf("the gateway is not ready within %v: %s", startPatience, g.logs)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// subject is the gateway as it is observed.
func (g *gatewayProcess) subject() Subject {
	return Subject{URL: g.url, PID: g.cmd.Process.Pid, Logged: g.logs.Written, Died: g.died}
}

// died says how the gateway ended by itself; it is empty as long as it runs.
func (g *gatewayProcess) died() string {
	select {
	case <-g.ended:
		if g.err == nil {
			return "it exited"
		}
		return g.err.Error()
	default:
		return ""
	}
}

// stop ends the gateway and what it has started, and waits for it.
func (g *gatewayProcess) stop() error {
	defer g.done.Wait()
	if g.died() != "" {
		return nil
	}
	if err := terminate(g.cmd.Process); err != nil {
		return errors.Join(err, g.cmd.Process.Kill())
	}
	select {
	case <-g.ended:
		return nil
	case <-time.After(stopPatience):
	}
	return g.cmd.Process.Kill()
}

// limits switch a limit of a plugin off.
var limits = map[string]func(*config.PluginConfig){
	"deadline": func(p *config.PluginConfig) { p.Limits.Timeout = time.Hour },
	"memory":   func(p *config.PluginConfig) { p.Limits.Memory = 1 << 30 },
	"reset":    func(p *config.PluginConfig) { p.Instances.Mode = abi.Pooled },
}

// Limits are the names of the limits that can be switched off, so that the
// suite can be seen to fail.
func Limits() []string { return slices.Sorted(maps.Keys(limits)) }

// CheckLimit returns an error unless there is a limit of that name.
func CheckLimit(name string) error {
	if _, ok := limits[name]; ok {
		return nil
	}
	return fmt.Errorf("unknown limit `%s`: use %s", name, strings.Join(Limits(), ", "))
}

// SwitchOff switches a limit off for every plugin. There must be a limit of
// that name.
func SwitchOff(name string, cfg *config.Config) {
	for _, p := range cfg.Plugins {
		limits[name](p)
	}
}
