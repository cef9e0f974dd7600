package jsvm

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm/lazy"
)

// grace is how long an interrupted script gets to end after its deadline. Then
// the caller is answered, whatever the VM does.
const grace = 25 * time.Millisecond

// program is the state that the files of a plugin left when they ran at load
// time: a VM that never runs again, of which every call gets a copy. Plugins
// with the same files share a program, and each has its own entry.
type program struct {
	files    *files
	host     *host
	template *lazy.Template
	spares   *spares

	stackDepth int    // the most nested calls
	depth      int    // how deep the files are nested; see syntax.Parse
	defines    string // the global variables and functions, for messages
	large      bool   // its scripts may hold strings of more than a few KiB
}

// loadProgram runs the files under ctx's deadline.
func loadProgram(ctx context.Context, r *Runtime, s *abi.Spec, f *files) (*program, error) {
	p := &program{files: f, host: r.host, stackDepth: r.config.stackDepth()}
	base, err := r.engine()
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline() // there always is one
	m := newMachine(base.Copy(), &task{file: f.name, files: f.names, plugin: s.Name, orgOf: r.config.orgOf(s.APIs), deadline: deadline})
	done := make(chan error, 1)
	r.loads.Go(func() {
		r.watch.enter(m, positive(s.Limits.Memory, r.config.memory()))
		defer r.watch.leave(m)
		_, err := m.run(func() (string, error) { return "", (&builder{program: p, machine: m, vm: m.vm}).build() })
		done <- err
	})
	if err := await(ctx, m, done); err != nil {
		return nil, err
	}
	p.spares = newSpares(p, r.config.ahead())
	return p, nil
}

// await waits for a script to end. It stops the script when ctx ends, and gives
// up waiting if the script does not stop.
func await(ctx context.Context, m *machine, done <-chan error) error {
	select {
	case err := <-done:
		return unkind(err)
	case <-ctx.Done():
	}
	m.stop(pastDeadline)
	select {
	case err := <-done:
		if abi.KindOf(err) == abi.Timeout {
			return fmt.Errorf("%w: it must end in time when it is loaded", unkind(err))
		}
		return unkind(err)
	case <-time.After(grace):
		return fmt.Errorf("%s: the script hangs when it is loaded", m.task.file)
	}
}

// copy returns a VM in the state that the files have left. It is safe for
// concurrent use.
func (p *program) copy() *machine {
	m := newMachine(p.template.Copy(), &task{file: p.files.name, files: p.files.names})
	m.depth = p.depth
	p.host.register(m)
	return m
}

// release ends the use of a copy.
func (p *program) release(m *machine) {
	p.host.release(m)
	p.template.Release(m.vm)
}

// programs are those of a runtime, by the digests of their files.
type programs struct {
	mu   sync.Mutex
	byID map[string]*sharedProgram
}

// sharedProgram is a program with the number of plugins that use it.
type sharedProgram struct {
	loaded chan struct{} // closed when one of the fields below is set
	*program
	err error

	users int // the mutex of programs protects it
}

// get returns the program of the files, or loads it.
func (ps *programs) get(ctx context.Context, id string, load func() (*program, error)) (*program, error) {
	ps.mu.Lock()
	if ps.byID == nil {
		ps.byID = make(map[string]*sharedProgram)
	}
	shared, ok := ps.byID[id]
	if !ok {
		shared = &sharedProgram{loaded: make(chan struct{})}
		ps.byID[id] = shared
	}
	shared.users++
	ps.mu.Unlock()

	if !ok {
		shared.program, shared.err = load()
		close(shared.loaded)
	}
	if err := shared.wait(ctx); err != nil {
		ps.put(id)
		return nil, err
	}
	return shared.program, nil
}

// wait waits until the program is loaded.
func (s *sharedProgram) wait(ctx context.Context) error {
	select {
	case <-s.loaded:
		return s.err
	default:
	}
	select {
	case <-s.loaded:
		return s.err
	case <-ctx.Done():
		return fmt.Errorf("the script is still being loaded: %w", context.Cause(ctx))
	}
}

// put ends a use that get began, with the last one the program itself.
func (ps *programs) put(id string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	shared := ps.byID[id]
	if shared.users--; shared.users > 0 {
		return
	}
	delete(ps.byID, id)
	if shared.program != nil {
		shared.spares.close()
	}
}

// compile prepares source text that many VMs run.
func (p *program) compile(text string) (*otto.Script, error) { return p.host.parser.Compile("", text) }
