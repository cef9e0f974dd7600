package wasm_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

func status(t *testing.T, p abi.Plugin) abi.Status {
	t.Helper()
	r, ok := p.(abi.Reporter)
	if !ok {
		t.Fatal("the plugin reports no status")
	}
	return r.Status()
}

// mutatesTable declares an element that a function drops, which cannot be
// undone.
func mutatesTable() []byte {
	return []byte("\x00asm\x01\x00\x00\x00" +
		"\x01\x05\x01\x60\x00\x01\x7f" + // type () -> i32
		"\x03\x02\x01\x00" + // one function
		"\x05\x03\x01\x00\x01" + // memory of one page
		"\x07\x1a\x02\x06memory\x02\x00\x0dsallyport_pre\x00\x00" +
		"\x09\x05\x01\x01\x00\x01\x00" + // passive element segment
		"\x0a\x09\x01\x07\x00\xfc\x0d\x00\x41\x00\x0b") // elem.drop 0; i32.const 0
}

func TestStatusTellsHowInstancesAreKept(t *testing.T) {
	for _, c := range []struct {
		name   string
		guest  []byte
		config wasm.Config
		mode   abi.Mode
		reset  string
		reason string
	}{
		{"pooled", idle().Bytes(), wasm.Config{}, abi.Pooled, "none", ""},
		{"fresh", idle().Bytes(), wasm.Config{Strategy: snapshot.Copy}, abi.Fresh, "copy", ""},
		{"cannot be restored", mutatesTable(), wasm.Config{}, abi.Fresh, "new-instance", "elem.drop"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := loadIn(t, newRuntime(t, c.config), spec(t, c.guest, c.mode, 3))
			for range 3 {
				if _, err := call(p, exchange(), abi.Pre, long); err != nil {
					t.Fatal(err)
				}
			}
			got := status(t, p)
			if got.Mode != c.mode || got.Reset != c.reset || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("Status() = %+v, want reset %s because of %q", got, c.reset, c.reason)
			}
			if got.Instances == 0 && c.reason == "" { // else each call takes one away
				t.Errorf("Status() = %+v, want instances", got)
			}
		})
	}
}

func TestInstancesThatAreNotNeededAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := wasm.New(context.Background(), wasm.Config{Strategy: forced(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close(context.Background())
		m := bystander(sleeps())
		p, err := r.Load(context.Background(), spec(t, m.Bytes(), abi.Fresh, 8))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close(context.Background())
		for range 8 { // all at once
			go func() { _, _ = call(p, exchange(), abi.Pre, time.Second) }()
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := status(t, p); got.Instances != 8 || got.Idle != 8 {
			t.Errorf("after the burst: %+v, want 8 idle instances", got)
		}
		for range 20 { // one call now and then
			time.Sleep(10 * time.Second)
			if _, err := call(p, exchange(), abi.Post, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := status(t, p); got.Instances > 2 {
			t.Errorf("minutes later: %+v, want at most 2 instances", got)
		}
	})
}

func TestInstancesOfAllPluginsAreLimited(t *testing.T) {
	logger, lines := logLines()
	r := newRuntime(t, wasm.Config{Logger: logger, MaxInstances: 2})
	p, err := r.Load(context.Background(), spec(t, loops().Bytes(), abi.Fresh, 5))
	if err != nil {
		t.Fatal(err)
	}
	first := occupy(t, p, lines, long)
	second := occupy(t, p, lines, long)
	if _, err := call(p, exchange(), abi.Post, short); abi.KindOf(err) != abi.Busy || err == nil {
		t.Errorf("Call() = %v, want an error of kind busy", err)
	}
	if _, err := r.Load(context.Background(), spec(t, idle().Bytes(), abi.Fresh, 1)); err == nil {
		t.Error("Load() = nil, want an error: there is no room for an instance")
	}
	closeNow(t, p)
	<-first
	<-second
}

func TestCompilationsAreReported(t *testing.T) {
	var began, ended []string
	r := newRuntime(t, wasm.Config{Compiling: func(plugin string) func() {
		began = append(began, plugin)
		return func() { ended = append(ended, plugin) }
	}})
	loadIn(t, r, spec(t, idle().Bytes(), abi.Fresh, 1))
	if len(began) != 1 || len(ended) != 1 || began[0] != "guest" {
		t.Errorf("began %v, ended %v, want one of each", began, ended)
	}
}

func TestMoreThanOneGiBIsRefused(t *testing.T) {
	s := spec(t, wasmtest.New(1).Bytes(), abi.Fresh, 1)
	s.Limits.Memory = 1<<30 + 1
	if _, err := newRuntime(t, wasm.Config{}).Load(context.Background(), s); abi.KindOf(err) != abi.Refused || err == nil {
		t.Errorf("Load() = %v, want a refusal", err)
	}
}
