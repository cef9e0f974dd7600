package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// TestKernelObjects tries every kind of kernel object. None may outlive the
// confinedProgram: it is refused, or the kernel removes it when the program ends. The
// table is also in the documentation of the package. It is run again as a
// user who can make no namespaces, where the filter and Landlock decide alone.
func TestKernelObjects(t *testing.T) {
	demand(t, false, 6)
	p := newPlace(t)
	readable, writable := p.file(t, "readable/file"), filepath.Dir(p.file(t, "writable/file"))
	if err := os.Chmod(writable, 0o777); err != nil { // past the umask
		t.Fatal(err)
	}
	c := sandbox.Config{Read: []string{filepath.Dir(readable)}, Write: []string{writable}, Memory: 256 << 20}
	gateway := strconv.Itoa(os.Getpid())
	for _, row := range []struct {
		name          string
		args          []string
		bare, confine string // how the answer begins
	}{
		{"System V message queue", []string{"msgget"}, "allowed", "refused"},
		{"System V message sent", []string{"msgsnd"}, "allowed", "refused"},
		{"System V message received", []string{"msgrcv"}, "allowed", "refused"},
		{"System V message queue changed", []string{"msgctl"}, "allowed", "refused"},
		{"System V semaphores", []string{"semget"}, "allowed", "refused"},
		{"System V semaphore used", []string{"semop"}, "allowed", "refused"},
		{"System V semaphore awaited", []string{"semtimedop"}, "allowed", "refused"},
		{"System V semaphores changed", []string{"semctl"}, "allowed", "refused"},
		{"System V shared memory", []string{"shmget"}, "allowed", "refused"},
		{"System V shared memory attached", []string{"shmat"}, "allowed", "refused"},
		{"System V shared memory changed", []string{"shmctl"}, "allowed", "refused"},
		{"POSIX message queue", []string{"mq_open"}, "", "refused"},
		{"POSIX message queue removed", []string{"mq_unlink"}, "", "refused"},
		{"POSIX message sent", []string{"mq_send"}, "", "refused"},
		{"POSIX message received", []string{"mq_receive"}, "", "refused"},
		{"POSIX message awaited", []string{"mq_notify"}, "", "refused"},
		{"POSIX shared memory", []string{"create", "/dev/shm/sallyport-test"}, "", "refused"},
		{"named semaphore", []string{"create", "/dev/shm/sem.sallyport-test"}, "", "refused"},
		{"key", []string{"add_key"}, "", "refused"},
		{"key requested", []string{"request_key"}, "", "refused"},
		{"keyring", []string{"keyctl"}, "", "refused"},
		{"memfd", []string{"memfd"}, "allowed", "refused"},
		{"secret memory", []string{"memfd_secret"}, "", "refused"},
		{"io_uring", []string{"uring"}, "", "refused"},
		{"userfaultfd", []string{"userfaultfd"}, "", "refused"},
		{"inotify", []string{"inotify"}, "allowed", "refused"},
		{"fanotify", []string{"fanotify"}, "", "refused"},
		{"perf event", []string{"perf"}, "", "refused"},
		{"BPF map", []string{"bpf"}, "", "refused"},
		{"abstract unix socket", []string{"abstract"}, "allowed", "refused"},
		{"netlink socket for events", []string{"netlink"}, "allowed", "refused"},
		{"file elsewhere", []string{"create", filepath.Join(p.dir, "new")}, "", "refused"},
		{"file in a granted folder", []string{"create", filepath.Join(writable, "new")}, "allowed", "allowed"},
		{"FIFO elsewhere", []string{"fifo", filepath.Join(p.dir, "fifo")}, "", "refused"},
		{"FIFO in a granted folder", []string{"fifo", filepath.Join(writable, "fifo")}, "allowed", "allowed"},
		{"device node", []string{"device", filepath.Join(writable, "null")}, "", "refused"},
		{"process group", []string{"setpgid"}, "allowed", "refused"},
		{"session", []string{"leave"}, "", "refused"},
		{"namespaces", []string{"unshare"}, "", "refused"},
		{"file lock", []string{"flock", readable}, "allowed", "allowed"},
		{"lease", []string{"lease", writable}, "allowed", "allowed"},
		{"pipe", []string{"pipe"}, "allowed", "allowed"},
		{"socket pair", []string{"socketpair"}, "allowed", "allowed"},
		{"eventfd", []string{"eventfd"}, "allowed", "allowed"},
		{"timerfd", []string{"timerfd"}, "allowed", "allowed"},
		{"signalfd", []string{"signalfd"}, "allowed", "allowed"},
		{"epoll", []string{"epoll"}, "allowed", "allowed"},
		{"POSIX timer", []string{"timer_create"}, "allowed", "allowed"},
		{"pidfd of the gateway", []string{"pidfd", gateway}, "allowed", "refused"},
		{"orphaned child", []string{"orphan"}, "", "allowed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for i := range row.args[1:] {
				row.args[1+i] = mark + row.args[1+i]
			}
			if !isRoot() && row.args[0] == "orphan" {
				t.Skip("needs root for a process namespace; without one the runtime kills the process group")
			}
			want := row.confine
			if !isRoot() && row.args[0] == "pidfd" {
				want = "allowed" // it can but await the gateway's end: signals are out of reach
			}
			bare := "not tried"
			if row.bare != "" {
				bare = p.bare(t, row.args...)
			}
			confined := p.confined(t, c, row.args...) // until nobody holds the output open
			t.Logf("without: %s; with: %s", bare, confined)
			if row.bare != "" && !strings.HasPrefix(bare, row.bare) {
				t.Errorf("without a sandbox: %s, want %s", bare, row.bare)
			}
			if !strings.HasPrefix(confined, want) {
				t.Errorf("with a sandbox: %s, want %s", confined, want)
			}
		})
	}
	if err := lock(readable); err != nil {
		t.Errorf("a lock has outlived the program: %v", err)
	}
	if left, err := os.ReadDir(writable); err != nil || len(left) != 1 {
		t.Errorf("left in the granted folder: %v, %v", left, err)
	}
	if isRoot() {
		asNobody(t, p)
	}
}

// TestQueuesOfOthersAreOutOfSight makes a message queue outside, which a
// confinedProgram in an IPC namespace of its own could not see even without a filter.
func TestQueuesOfOthersAreOutOfSight(t *testing.T) {
	demand(t, true, 1)
	p := newPlace(t)
	outside, err := os.Readlink("/proc/self/ns/ipc")
	if err != nil {
		t.Fatal(err)
	}
	cmd, out, started := p.command("wait")
	defer out.Close()
	cmd, report, err := sandbox.Start(cmd, sandbox.Config{Memory: 1 << 40}, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	started()
	inside, err := os.Readlink("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/ns/ipc")
	if err != nil || inside == outside || !report.IPCNamespace {
		t.Errorf("IPC namespace %s outside, %s inside, %v; report = %+v", outside, inside, err, report)
	}
	_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	_ = cmd.Wait()
}

// TestInterpretersStartWorkers lets interpreters do what they do without
// System V objects: start processes and threads that talk to each other.
func TestInterpretersStartWorkers(t *testing.T) {
	p := newPlace(t)
	for _, test := range []struct{ program, file, text string }{
		{"python3", "workers.py", "import multiprocessing as m, threading\n" +
			"a, b = m.Pipe()\nc = m.get_context('fork').Process(target=lambda: b.send('hello'))\n" +
			"c.start()\nprint(a.recv())\nc.join()\n"},
		{"node", "workers.js", "const {Worker} = require('worker_threads');\n" +
			"new Worker(\"require('worker_threads').parentPort.postMessage('hello')\", {eval: true}).on('message', m => console.log(m));\n"},
	} {
		t.Run(test.program, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(test.program); err != nil {
				t.Skipf("apt-get install %s", test.program)
			}
			if err := os.WriteFile(filepath.Join(p.dir, test.file), []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			out, _, err := run(t, sandbox.Config{}, p.dir, test.program, test.file)
			if err != nil || out != "hello\n" {
				t.Errorf("it wrote %q, %v", out, err)
			}
		})
	}
}
