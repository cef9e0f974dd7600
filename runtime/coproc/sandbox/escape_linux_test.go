package sandbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// place is where the tests of this file play: a folder that every user may
// enter, with this binary in it.
type place struct{ dir, self string }

func newPlace(t *testing.T) place {
	t.Helper()
	dir, err := os.MkdirTemp("", "sandbox-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := place{dir, filepath.Join(dir, "program")}
	if err := errors.Join(os.Chmod(dir, 0o755), copySelf(p.self)); err != nil {
		t.Fatal(err)
	}
	return p
}

func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}

func (p place) file(t *testing.T, name string) string {
	t.Helper()
	name = filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// command returns one that tries something, with its output.
func (p place) command(args ...string) (*exec.Cmd, *os.File, func()) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(p.self, append([]string{"attempt"}, args...)...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = []string{}, p.dir, w, os.Stderr
	if raced {
		cmd.Env = []string{"GORACE=atexit_sleep_ms=0"} // or each would take a second to end
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, r, func() { _ = w.Close() }
}

// bare tries something without a sandbox.
func (p place) bare(t *testing.T, args ...string) string {
	t.Helper()
	cmd, out, started := p.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started()
	return result(t, cmd, out)
}

// confined tries something in a sandbox.
func (p place) confined(t *testing.T, c sandbox.Config, args ...string) string {
	t.Helper()
	cmd, out, started := p.command(args...)
	if raced {
		c.Memory, c.Processes = 1<<46, 256
	}
	cmd, report, err := sandbox.Start(cmd, c, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	started()
	if len(report.Missing) > 0 && os.Getenv("SALLYPORT_CI") == "1" && hasEverything() {
		t.Fatalf("missing = %q", report.Missing)
	}
	return result(t, cmd, out)
}

func result(t *testing.T, cmd *exec.Cmd, out *os.File) string {
	t.Helper()
	defer out.Close()
	b, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		return "died: " + err.Error()
	}
	return strings.TrimSpace(string(b))
}

// hasEverything reports whether this machine can enforce all of it.
func hasEverything() bool { return isRoot() && abi() >= 6 }

// isRoot reports whether this is root with all its rights, in no container.
func isRoot() bool {
	users, err := os.ReadFile("/proc/self/uid_map")
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err != nil || unix.Capget(&header, &data[0]) != nil {
		return false
	}
	return os.Geteuid() == 0 && data[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0 && strings.Contains(string(users), "4294967295")
}

func abi() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// demand skips a test on a machine that lacks what it is about.
func demand(t *testing.T, root bool, landlock int) {
	t.Helper()
	switch {
	case root && !isRoot():
		t.Skip("needs root with all its rights: sudo go test")
	case abi() < landlock && os.Getenv("SALLYPORT_CI") == "1":
		t.Fatalf("needs Landlock ABI %d, this kernel has %d", landlock, abi())
	case abi() < landlock:
		t.Skipf("needs Landlock ABI %d, this kernel has %d: boot a newer one", landlock, abi())
	}
}

// serveTCP returns a port of this machine that answers.
func serveTCP(t *testing.T) (addr string, port int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String(), ln.Addr().(*net.TCPAddr).Port
}

func TestEscapeMatrix(t *testing.T) {
	demand(t, true, 6)
	p := newPlace(t)
	granted, secret, writable := p.file(t, "granted/file"), p.file(t, "secret/file"), p.file(t, "writable/file")
	if err := os.Chmod(filepath.Dir(writable), 0o777); err != nil { // past the umask
		t.Fatal(err)
	}
	openAddr, openPort := serveTCP(t)
	otherAddr, _ := serveTCP(t)
	sock := filepath.Join(p.dir, "sock")
	ln, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	_ = os.Chmod(sock, 0o777)
	gateway := strconv.Itoa(os.Getpid())

	c := sandbox.Config{
		Read: []string{filepath.Dir(granted)}, Write: []string{filepath.Dir(writable)}, TCP: []int{openPort},
		Files: 64, Processes: 32, Memory: 256 << 20,
	}
	for _, row := range []struct {
		name          string
		args          []string
		bare, confine string // how the answer begins
	}{
		{"read a granted file", []string{"read", granted}, "allowed", "allowed"},
		{"read another file", []string{"read", secret}, "allowed", "refused"},
		{"read the shadow file", []string{"read", "/etc/shadow"}, "allowed", "refused"},
		{"read the gateway's memory map", []string{"read", "/proc/" + gateway + "/maps"}, "allowed", "refused"},
		{"list the root folder", []string{"list", "/"}, "allowed", "refused"},
		{"write in a granted folder", []string{"write", filepath.Join(filepath.Dir(writable), "new")}, "allowed", "allowed"},
		{"write elsewhere", []string{"write", filepath.Join(p.dir, "new")}, "allowed", "refused"},
		{"connect to a granted port", []string{"connect", openAddr}, "allowed", "allowed"},
		{"connect to another port", []string{"connect", otherAddr}, "allowed", "refused"},
		{"listen on a port", []string{"bind"}, "allowed", "refused"},
		{"send UDP", []string{"udp"}, "allowed", "refused"},
		{"connect to a unix socket", []string{"unix", sock}, "allowed", "refused"},
		{"multipath TCP, unseen by Landlock", []string{"mptcp"}, "", "refused"},
		{"raw socket", []string{"raw"}, "allowed", "refused"},
		{"packet socket", []string{"packet"}, "allowed", "refused"},
		{"signal the gateway", []string{"signal", gateway}, "allowed", "refused"},
		{"trace the gateway", []string{"trace", gateway}, "allowed", "refused"},
		{"read the gateway's memory", []string{"peek", gateway}, "", "refused"},
		{"look at the gateway's limits", []string{"prlimit", gateway}, "allowed", "refused"},
		{"memory that no limit counts", []string{"memfd"}, "allowed", "refused"},
		{"unshare namespaces", []string{"unshare"}, "allowed", "refused"},
		{"clone into a user namespace", []string{"clone"}, "", "refused"},
		{"mount", []string{"mount", filepath.Dir(granted)}, "allowed", "refused"},
		{"io_uring", []string{"uring"}, "", "refused"},
		{"become root", []string{"setuid"}, "allowed", "refused"},
		{"leave the process group", []string{"leave"}, "", "refused"},
		{"run another program", []string{"exec", "/bin/true"}, "allowed", "refused"},
		{"run a shell by way of the loader", []string{"exec", "/lib64/ld-linux-x86-64.so.2", "/bin/true"}, "", "refused"},
		{"4096 descriptors", []string{"nofile"}, "", "refused"},
		{"64 processes", []string{"fork"}, "allowed", "refused"},
		{"512 MiB", []string{"memory"}, "allowed", "refused"},
		{"the gateway's environment", []string{"env"}, "", "refused"},
		{"a descriptor of the gateway's", []string{"fds"}, "", "refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if raced && slices.Contains([]string{"fork", "memory", "env"}, row.args[0]) {
				t.Skip("not with the race detector")
			}
			_ = unix.Unmount(filepath.Dir(granted), 0) // what the attempt without a sandbox may have left
			for i := range row.args[1:] {
				row.args[1+i] = mark + row.args[1+i]
			}
			bare := p.bare(t, row.args...)
			_ = unix.Unmount(filepath.Dir(granted), 0)
			_ = os.Remove(filepath.Join(filepath.Dir(writable), "new"))
			confined := p.confined(t, c, row.args...)
			t.Logf("without: %s; with: %s", bare, confined)
			if !strings.HasPrefix(bare, row.bare) {
				t.Errorf("without a sandbox: %s, want %s", bare, row.bare)
			}
			if !strings.HasPrefix(confined, row.confine) {
				t.Errorf("with a sandbox: %s, want %s", confined, row.confine)
			}
		})
	}
}

func TestReportSaysWhatIsEnforced(t *testing.T) {
	demand(t, true, 6)
	if raced {
		t.Skip("not with the race detector")
	}
	p := newPlace(t)
	cmd, out, started := p.command("read", "/")
	cmd, report, err := sandbox.Start(cmd, sandbox.Config{TCP: []int{443}, Memory: 128 << 20, Required: true}, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	started()
	result(t, cmd, out)
	b, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", b)
	want := fmt.Sprintf(`{"program":%q,"uid":60900,"capabilities":"none","no_new_privs":true,"pdeathsig":true,"pid_namespace":true,"ipc_namespace":true,`+
		`"landlock":{"abi":%d,"files":true,"tcp":true,"signals":true},"seccomp":%d,`+
		`"network":{"tcp_connect":[443],"tcp_bind":false,"udp":"denied","unix":"denied"},`+
		`"rlimits":{"nofile":1024,"nproc":256,"data":134217728},"memory":{"by":"rlimit_data+rss_watchdog","max":134217728},"missing":[]}`,
		p.self, abi(), report.Seccomp)
	if !bytes.Equal(b, []byte(want)) || report.Seccomp < 40 {
		t.Errorf("report = %s\nwant     %s", b, want)
	}
}
