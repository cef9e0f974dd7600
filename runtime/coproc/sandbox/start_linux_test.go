package sandbox_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// run starts a command confined and returns what it wrote, its report, and
// how it ended.
func run(t *testing.T, c sandbox.Config, dir string, argv ...string) (string, *sandbox.Enforcement, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if raced && c.Memory == 0 {
		c.Memory = 1 << 46
	}
	cmd := &exec.Cmd{Path: argv[0], Args: argv, Dir: dir, Env: []string{}, Stdout: w, Stderr: w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd, report, err := sandbox.Start(cmd, c, 20*time.Second)
	_ = w.Close()
	if err != nil {
		return "", nil, err
	}
	out, err := io.ReadAll(r)
	return string(out), report, errors.Join(err, cmd.Wait())
}

// hasMissing reports whether the report lacks something of that name.
func hasMissing(r *sandbox.Enforcement, name string) bool {
	for _, m := range r.Missing {
		if strings.HasPrefix(m, name) {
			return true
		}
	}
	return false
}

func TestProgramOutOfReachKeepsTheUserAndSaysSo(t *testing.T) {
	demand(t, true, 1)
	p := newPlace(t)
	if err := os.Chmod(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := p.file(t, "secret")
	script := filepath.Join(p.dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n: < "+secret+" && echo reads\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, report, err := run(t, sandbox.Config{}, "/", script)
	if err != nil || out != "reads\n" { // it lies beside the script
		t.Fatalf("it wrote %s, %v", out, err)
	}
	if report.UID != 0 || report.Capabilities != "none" || !hasMissing(report, "user") {
		t.Errorf("report = %+v", report)
	}
	_, _, err = run(t, sandbox.Config{Required: true}, "", script)
	if err == nil || !strings.Contains(err.Error(), "required: user: not another one") {
		t.Errorf("Start() = %v where another user is required", err)
	}
}

func TestBinaryOutOfReachByNameRunsAsAnotherUser(t *testing.T) {
	demand(t, true, 1)
	p := newPlace(t)
	secret := p.file(t, "secret")
	if err := os.Chmod(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	out, report, err := run(t, sandbox.Config{Required: true}, "", p.self, "attempt", "read", mark+secret)
	if err != nil || !strings.HasPrefix(out, "refused") || report.UID != 60900 {
		t.Fatalf("it wrote %s, %v; report = %+v", out, err, report)
	}
}

func TestWhatIsMerelyDesirableIsNotRequired(t *testing.T) {
	demand(t, false, 6)
	p := newPlace(t)
	if os.Geteuid() == 0 {
		asNobody(t, p)
		return
	}
	_, report, err := run(t, sandbox.Config{Required: true}, "", p.self, "attempt", "read", "/")
	if err != nil || !hasMissing(report, "pid namespace") || !hasMissing(report, "processes") {
		t.Errorf("report = %+v, %v", report, err)
	}
	for _, c := range []sandbox.Config{{Required: true, Processes: 8}, {Required: true, User: "0"}} {
		if _, _, err := run(t, c, "", p.self, "attempt", "wait"); err == nil {
			t.Errorf("%+v is not refused", c)
		}
	}
}

// asNobody runs the same test as a gateway that is not root.
func asNobody(t *testing.T, p place) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.self, "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

func TestUserIsTheOneAskedFor(t *testing.T) {
	demand(t, true, 0)
	p := newPlace(t)
	for user, uid := range map[string]int{"61234": 61234, "4711:4712": 4711, "nobody": 65534} {
		_, report, err := run(t, sandbox.Config{User: user}, "", p.self, "attempt", "read", "/")
		if err != nil || report.UID != uid {
			t.Errorf("user %s: %+v, %v", user, report, err)
		}
	}
	if _, _, err := run(t, sandbox.Config{User: "no-such-user"}, "", p.self); err == nil {
		t.Error("an unknown user is taken")
	}
}

func TestStartTellsWhyItCannot(t *testing.T) {
	p := newPlace(t)
	plain := p.file(t, "plain")
	for _, test := range []struct {
		name   string
		config sandbox.Config
		argv   []string
		want   error
	}{
		{"no such program", sandbox.Config{}, []string{p.dir + "/nothing"}, fs.ErrNotExist},
		{"no such name", sandbox.Config{}, []string{"sallyport-no-such-program"}, exec.ErrNotFound},
		{"not executable", sandbox.Config{}, []string{plain}, fs.ErrPermission},
		{"no such grant", sandbox.Config{Read: []string{"/no/such/folder"}}, []string{p.self}, nil},
		{"no such port", sandbox.Config{TCP: []int{70000}}, []string{p.self}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := run(t, test.config, "", test.argv...)
			t.Log(err)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("Start() = %v, want %v", err, test.want)
			}
		})
	}
}

func TestScriptRunsWithItsInterpreterOnly(t *testing.T) {
	demand(t, false, 1)
	p := newPlace(t)
	script := filepath.Join(p.dir, "script")
	text := "#!/bin/sh\necho begun; /bin/true && echo ran\nread x < " + p.file(t, "beside") + "; echo \"$x\"\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	out, _, _ := run(t, sandbox.Config{}, "", script)
	if !strings.HasPrefix(out, "begun\n") || strings.Contains(out, "ran\n") {
		t.Errorf("script wrote %q", out)
	}
	out, _, _ = run(t, sandbox.Config{Exec: []string{"/bin/true"}}, "", script)
	if !strings.HasPrefix(out, "begun\nran\n") {
		t.Errorf("with a grant the script wrote %q", out)
	}
}

func TestInterpretersStart(t *testing.T) {
	p := newPlace(t)
	for _, test := range []struct{ program, file, text string }{
		{"python3", "script.py", "import beside, json, ssl, threading, asyncio\nprint('hello')\n"},
		{"node", "script.js", "require('./beside.js'); require('tls'); console.log('hello')\n"},
	} {
		t.Run(test.program, func(t *testing.T) {
			needs.Program(t, "python3 nodejs", test.program, "--version")
			for name, text := range map[string]string{test.file: test.text, "beside.py": "", "beside.js": ""} {
				if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, report, err := run(t, sandbox.Config{Memory: 256 << 20}, p.dir, test.program, test.file)
			if err != nil || out != "hello\n" {
				t.Fatalf("it wrote %q, %v", out, err)
			}
			t.Logf("%+v", report)
		})
	}
}

func TestResidentCountsTheProgram(t *testing.T) {
	if n := sandbox.Resident(os.Getpid()); n < 1<<20 {
		t.Errorf("Resident() = %d", n)
	}
	if n := sandbox.Resident(1 << 30); n != 0 {
		t.Errorf("Resident() of nobody = %d", n)
	}
}
