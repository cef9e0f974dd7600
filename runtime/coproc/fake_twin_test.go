package coproc_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// twin sets a fault off when the request is called that.
func (f *fakePlugin) twin(c call) {
	if c.Params.RequestID != "fault" {
		f.good(c)
		return
	}
	switch f.arg {
	case "exit-3":
		os.Exit(3)
	case "silent":
	case "memory":
		var hog [][]byte
		for range 1 << 12 {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hog = append(hog, b)
		}
		f.good(c)
		runtime.KeepAlive(hog)
	case "shared":
		hogShared(256 << 20)
	case "fork-bomb":
		f.bomb()
		f.good(c)
	case "leak":
		for {
			if _, err := os.Open(os.DevNull); err != nil {
				break
			}
		}
		f.good(c)
	case "flood":
		f.how = "flood"
		f.dispatch(c)
		f.how = "twin"
	case "garbage":
		for range 20 {
			f.line("\x00\xff this is no message")
		}
	}
}

// fork3 starts three processes that do nothing for a long time.
func (f *fakePlugin) fork3() {
	self, _ := os.Executable()
	for range 3 {
		if err := exec.Command(self, "fake", "sleep", "600000").Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// bomb starts processes that start processes, until it may not.
func (f *fakePlugin) bomb() {
	self, err := os.Executable()
	if err != nil {
		return
	}
	for range 200 {
		cmd := exec.Command(self, "fake", "sleep", "60000")
		if cmd.Start() != nil {
			return
		}
	}
}
