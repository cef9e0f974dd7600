// Package peers runs the header hook in other gateways: nginx with Lua and
// with njs, HAProxy with Lua.
//
// Both come from the packages of the system. They run in the foreground, as
// the user, with configurations of ours on loopback ports, in a folder of
// their own, and end with the [RunningPeer]. The configurations are those an operator
// would write for speed: as many workers as processors, kept connections on
// both sides, no access log.
//
// The hook is that of the whole comparison: it reads Authorization and
// User-Agent, sets X-Tenant and X-Agent, and deletes X-Debug.
package peers

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/c386954a/sallyport/internal/procstat"
)

//go:embed config
var configs embed.FS

// Contender is one way through a peer.
type Contender struct {
	Name  string // for instance "nginx + Lua"
	Plain string // name of the same peer's row without the hook; its own for that row
	Addr  string // host and port
}

// RunningPeer is one running program. It must be closed.
type RunningPeer struct {
	Name    string // "nginx"
	Version string
	Rows    []Contender

	dir  string
	log  bytes.Buffer
	cmd  *exec.Cmd
	done chan struct{} // closed once the program has ended
}

// Config says where the peers send requests.
type Config struct {
	Upstream string // host and port
	Workers  int    // processes of nginx, threads of HAProxy
}

// peerKind knows how to run one program.
type peerKind struct {
	name, program string
	packages      string   // what to install
	needs         []string // files without which it cannot run
	versionFlag   string
	files         []string // of package configs; the first is the configuration
	rows          []Contender
	arguments     func(dir string) []string
}

// Start starts everything that is installed. missing says what is not, with
// the command that installs it. On an error nothing is left running.
func Start(ctx context.Context, cfg Config) (running []*RunningPeer, missing []string, err error) {
	for _, k := range []peerKind{nginx(), haproxy()} {
		program, ok := k.find()
		if !ok {
			missing = append(missing, fmt.Sprintf("%s is not installed: apt-get install %s", k.name, k.packages))
			continue
		}
		p, err := k.start(ctx, program, cfg)
		if err != nil {
			for _, other := range running {
				err = errors.Join(err, other.Close())
			}
			return nil, nil, err
		}
		running = append(running, p)
	}
	return running, missing, nil
}

// find returns the path of the program if it has all it needs.
func (k *peerKind) find() (string, bool) {
	program, err := exec.LookPath(k.program)
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/" + k.program)
	}
	for _, name := range k.needs {
		if _, missing := os.Stat(name); missing != nil {
			return "", false
		}
	}
	return program, err == nil
}

func (k *peerKind) start(ctx context.Context, program string, cfg Config) (*RunningPeer, error) {
	p := &RunningPeer{Name: k.name, done: make(chan struct{})}
	var err error
	if p.dir, err = os.MkdirTemp("", "sallyport-"+k.program+"-"); err != nil {
		return nil, err
	}
	if err := p.prepare(k, cfg); err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	p.Version = version(ctx, program, k.versionFlag)
	p.cmd = exec.Command(program, k.arguments(p.dir)...) //nolint:noctx // Close ends it, gently
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.SysProcAttr = endWithParent()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(p.dir))
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is seen by what it answers
		close(p.done)
	}()
	if err := p.ready(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// prepare finds free ports and writes the files.
func (p *RunningPeer) prepare(k *peerKind, cfg Config) error {
	// Workers of a peer that is started by root run as somebody else.
	if err := os.Chmod(p.dir, 0o755); err != nil {
		return err
	}
	fill := map[string]any{"Dir": p.dir, "Upstream": cfg.Upstream, "Workers": cfg.Workers, "Modules": nginxModules}
	for _, row := range k.rows {
		addr, err := freePort()
		if err != nil {
			return err
		}
		fill[row.Addr] = addr
		row.Addr = addr
		p.Rows = append(p.Rows, row)
	}
	for _, name := range k.files {
		t, err := template.ParseFS(configs, "config/"+name)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		if err := t.Execute(&text, fill); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(p.dir, name), text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// freePort returns an address that was free a moment ago: neither program can
// tell which port it was given.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// version returns what the program says of itself.
func version(ctx context.Context, program, flag string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, program, flag).CombinedOutput()
	if err != nil {
		return "unknown version"
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first)
}

// ready waits until every row takes connections.
func (p *RunningPeer) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, row := range p.Rows {
		if err := p.connect(ctx, row.Addr); err != nil {
			return fmt.Errorf("%s does not answer: %w: %s", row.Name, err, p.said())
		}
	}
	return nil
}

var errEnded = errors.New("the program has ended")

// connect tries until there is a connection.
func (p *RunningPeer) connect(ctx context.Context, addr string) error {
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-p.done:
			return errEnded
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// said returns the end of what the program has written. It must have ended,
// or nobody reads on.
func (p *RunningPeer) said() string {
	select {
	case <-p.done:
		return strings.TrimSpace(p.log.String())
	default:
		return "it is running"
	}
}

// Processes returns the ids of the program and of its workers.
func (p *RunningPeer) Processes() []int {
	return append([]int{p.cmd.Process.Pid}, procstat.Children(p.cmd.Process.Pid)...)
}

// Close ends the program and removes its folder.
func (p *RunningPeer) Close() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	return os.RemoveAll(p.dir)
}

// nginxModules is where Debian's packages put the modules.
const nginxModules = "/usr/lib/nginx/modules"

func nginx() peerKind {
	return peerKind{
		name: "nginx", program: "nginx", packages: "nginx libnginx-mod-http-lua libnginx-mod-http-js",
		needs:       []string{nginxModules + "/ngx_http_lua_module.so", nginxModules + "/ngx_http_js_module.so"},
		versionFlag: "-v",
		files:       []string{"nginx.conf", "nginx.lua", "headers.mjs"},
		rows: []Contender{
			{Name: "nginx", Plain: "nginx", Addr: "Plain"},
			{Name: "nginx + Lua", Plain: "nginx", Addr: "Lua"},
			{Name: "nginx + njs", Plain: "nginx", Addr: "JS"},
		},
		arguments: func(dir string) []string {
			return []string{"-e", filepath.Join(dir, "start.log"), "-p", dir, "-c", filepath.Join(dir, "nginx.conf")}
		},
	}
}

func haproxy() peerKind {
	return peerKind{
		name: "HAProxy", program: "haproxy", packages: "haproxy",
		versionFlag: "-v",
		files:       []string{"haproxy.cfg", "haproxy.lua"},
		rows: []Contender{
			{Name: "HAProxy", Plain: "HAProxy", Addr: "Plain"},
			{Name: "HAProxy + Lua", Plain: "HAProxy", Addr: "Lua"},
		},
		arguments: func(dir string) []string { return []string{"-db", "-f", filepath.Join(dir, "haproxy.cfg")} },
	}
}
