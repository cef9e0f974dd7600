package sandbox_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// hierarchy makes a group below the root of a cgroup v2 hierarchy, as an
// administrator would for the gateway.
func hierarchy(t *testing.T) string {
	t.Helper()
	demand(t, true, 1)
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var stat unix.Statfs_t
		if unix.Statfs(root, &stat) != nil || stat.Type != unix.CGROUP2_SUPER_MAGIC {
			continue
		}
		dir, err := os.MkdirTemp(root, "sallyport-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() {
			if err := unix.Rmdir(dir); err != nil {
				t.Errorf("something is left in the group: %v", err)
			}
		})
		return dir
	}
	t.Skip("needs a cgroup v2 hierarchy that can be written: mount -t cgroup2 none DIR")
	return ""
}

func TestProgramGetsAControlGroupOfItsOwn(t *testing.T) {
	parent := hierarchy(t)
	p := newPlace(t)
	cmd, out, started := p.command("wait")
	defer out.Close()
	cmd, report, err := sandbox.Start(cmd, sandbox.Config{Cgroup: parent, Memory: 1 << 40}, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	started()
	inside, err := os.ReadFile(filepath.Join(report.Cgroup, "cgroup.procs"))
	if err != nil || strings.TrimSpace(string(inside)) != strconv.Itoa(cmd.Process.Pid) {
		t.Errorf("in %s are %q, %v, want %d", report.Cgroup, inside, err, cmd.Process.Pid)
	}
	_, err = os.Stat(filepath.Join(report.Cgroup, "memory.max"))
	if limited := err == nil; limited != strings.HasPrefix(report.Memory.By, "cgroup") || limited == hasMissing(report, "cgroup") {
		t.Errorf("memory controller %v, report = %+v", limited, report)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	report.Close() // kills it
	<-ended
	if _, err := os.Stat(report.Cgroup); err == nil {
		t.Error("its group is left")
	}
}

func TestFolderThatIsNoControlGroupIsRefused(t *testing.T) {
	p := newPlace(t)
	for _, folder := range []string{"/no/such/folder", p.dir} {
		if _, _, err := run(t, sandbox.Config{Cgroup: folder}, "", p.self, "attempt", "wait"); err == nil {
			t.Errorf("Start() = nil for %s", folder)
		}
	}
}
