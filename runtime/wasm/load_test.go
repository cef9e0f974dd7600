package wasm_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// idle is a guest whose hook pre does nothing.
func idle() *wasmtest.Module {
	m := wasmtest.New(1)
	m.Func("sallyport_pre", wasmtest.Const(0))
	return m
}

func TestLoadRefuses(t *testing.T) {
	var none *wasmtest.Module
	for _, c := range []struct {
		name  string
		guest func() *wasmtest.Module
		spec  abi.Spec
		want  []string
		start time.Duration
	}{
		{"a wrong digest", idle, abi.Spec{SHA256: strings.Repeat("ab", 32)}, []string{"sha256 is ", "want " + strings.Repeat("ab", 32)}, 0},
		{"what is not wasm", func() *wasmtest.Module { return none }, abi.Spec{}, []string{"not a WebAssembly 1.0 binary"}, 0},
		{"all unknown imports at once", importsUnknown, abi.Spec{}, []string{
			"env.abort: unknown module", "sallyport.header_gte: unknown function",
			"sallyport.header_get: wrong signature, want (i32, i32, i32, i32, i32) -> i32",
			"wasi_snapshot_preview1.sock_recv: not granted",
		}, 0},
		{"all imports that were not granted at once", importsUngranted, abi.Spec{Grants: abi.Grants{Env: []string{"A"}}}, []string{
			`sallyport.kv_get: not granted, and this line under plugin guest would grant it: allow: { kv: ["PREFIX:*"], env: ["A"] }`,
			`sallyport.http_response_body_size: not granted, and this line under plugin guest would grant it: allow: { http: ["https://HOST/*"], env: ["A"] }`,
		}, 0},
		{"an environment value that was not granted", importsEnv, abi.Spec{}, []string{`sallyport.env_get: not granted`, `allow: { env: ["NAME"] }`}, 0},
		{"a URL pattern that is none", idle, abi.Spec{Grants: abi.Grants{HTTP: []string{"idp/*"}}}, []string{`allow: http: "idp/*": the scheme`}, 0},
		{"a key pattern that is none", idle, abi.Spec{Grants: abi.Grants{HTTP: []string{"http://h/"}, KV: []string{"a*b"}}}, []string{`allow: kv: "a*b"`}, 0},
		{"a grant of keys without a store", idle, abi.Spec{Grants: abi.Grants{KV: []string{"a"}}}, []string{"there is no store"}, 0},
		{"a hook that is not exported", idle, abi.Spec{Hooks: abi.SetOf(abi.Pre, abi.Auth)}, []string{"does not implement auth", "pre"}, 0},
		{"a misspelled hook", misspelled, abi.Spec{}, []string{"sallyport_prae is not a hook"}, 0},
		{"a hook with a wrong signature", wrongSignature, abi.Spec{}, []string{"sallyport_pre is not a function () -> i32"}, 0},
		{"a guest without memory", func() *wasmtest.Module { return idle().WithoutMemory() }, abi.Spec{}, []string{"memory"}, 0},
		{"a memory beyond the limit", idle, abi.Spec{Limits: abi.Limits{Memory: 1000}}, []string{"needs 65536 bytes", "limit is 1000"}, 0},
		{"a command", command, abi.Spec{}, []string{"reactor"}, 0},
		{"a start that traps", startTraps, abi.Spec{}, []string{"start: ", "unreachable"}, 0},
		{"a start that hangs", startHangs, abi.Spec{}, []string{"start: stopped: context deadline exceeded"}, short},
		{"a configuration that is no object", idle, abi.Spec{Config: []byte("[1]")}, []string{"config of the plugin"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRuntime(t, wasm.Config{StartTimeout: c.start, Env: os.LookupEnv})
			c.spec.Name, c.spec.Source = "guest", source(t, bytesOf(c.guest()))
			_, err := r.Load(context.Background(), c.spec)
			if abi.KindOf(err) != abi.Refused {
				t.Fatalf("Load() = %v, want an error of kind refused", err)
			}
			for _, want := range append(c.want, c.spec.Source) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Load() = %v, want it to contain %q", err, want)
				}
			}
		})
	}
}

func bytesOf(m *wasmtest.Module) []byte {
	if m == nil {
		return []byte("function pre() {}")
	}
	return m.Bytes()
}

func importsUnknown() *wasmtest.Module {
	m := wasmtest.New(1)
	m.Import("env", "abort", 0, wasmtest.I32)
	m.Import("sallyport", "header_gte", 5, wasmtest.I32)
	m.Import("sallyport", "header_get", 4, wasmtest.I32)
	m.Import("sallyport", "header_set", 5, wasmtest.I32)
	m.Import("wasi_snapshot_preview1", "sock_recv", 6, wasmtest.I32)
	return m
}

func importsUngranted() *wasmtest.Module {
	m := wasmtest.New(1)
	m.Import("sallyport", "kv_get", 4, wasmtest.I32)
	m.Import("sallyport", "http_response_body_size", 0, wasmtest.I32)
	return importEnv(m)
}

func importsEnv() *wasmtest.Module { return importEnv(wasmtest.New(1)) }

func importEnv(m *wasmtest.Module) *wasmtest.Module {
	m.Import("sallyport", "env_get", 4, wasmtest.I32)
	return m
}

func misspelled() *wasmtest.Module {
	m := idle()
	m.Func("sallyport_prae", wasmtest.Const(0))
	return m
}

func wrongSignature() *wasmtest.Module {
	m := wasmtest.New(1)
	m.Proc("sallyport_pre")
	return m
}

func command() *wasmtest.Module {
	m := idle()
	m.Proc("_start")
	return m
}

func startTraps() *wasmtest.Module {
	m := idle()
	m.Proc("_initialize", wasmtest.Unreachable())
	return m
}

func startHangs() *wasmtest.Module {
	m := idle()
	m.Proc("_initialize", wasmtest.Loop())
	return m
}

func TestLoadAcceptsTheRightDigestInEitherCase(t *testing.T) {
	binary := idle().Bytes()
	digest := sha256.Sum256(binary)
	s := spec(t, binary, abi.Fresh, 1)
	for _, s.SHA256 = range []string{
		hex.EncodeToString(digest[:]), strings.ToUpper(hex.EncodeToString(digest[:])),
	} {
		load(t, s)
	}
}

func TestLoadRefusesFilesThatAreMissingOrTooLarge(t *testing.T) {
	r := newRuntime(t, wasm.Config{MaxSource: 10})
	for want, path := range map[string]string{
		"no such file":         filepath.Join(t.TempDir(), "none.wasm"),
		"larger than 10 bytes": source(t, idle().Bytes()),
	} {
		_, err := r.Load(context.Background(), abi.Spec{Source: path})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("Load(%s) = %v, want %q", path, err, want)
		}
	}
}

func TestBodiesAreDeclaredByImports(t *testing.T) {
	m := wasmtest.New(1)
	m.Import("sallyport", "request_body_read", 3, wasmtest.I32)
	m.Import("sallyport", "reply_body_splice", 4, wasmtest.I32)
	m.Func("sallyport_post", wasmtest.Const(0))
	m.Func("sallyport_response", wasmtest.Const(0))
	m.Func("sallyport_event", wasmtest.Const(0))
	p := load(t, spec(t, m.Bytes(), abi.Fresh, 1))
	want := abi.Declaration{
		Hooks:       abi.SetOf(abi.Post, abi.Response, abi.Event),
		RequestBody: abi.SetOf(abi.Post),
		ReplyBody:   abi.SetOf(abi.Response),
	}
	if got := p.Declares(); got != want {
		t.Errorf("Declares() = %+v, want %+v", got, want)
	}
}

func TestCacheDirectoryIsUsedAndKeptPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	r := newRuntime(t, wasm.Config{CacheDir: dir})
	loadIn(t, r, spec(t, idle().Bytes(), abi.Fresh, 1))
	entries, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(entries) == 0 {
		t.Errorf("the cache has %d entries, want at least 1 (%v)", len(entries), err)
	}

	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := wasm.New(context.Background(), wasm.Config{CacheDir: dir}); abi.KindOf(err) != abi.Refused || err == nil {
		t.Errorf("New() = %v, want a refusal of a directory that others can write to", err)
	}
}

func TestPluginsOfTheSameFileAreClosedOneByOne(t *testing.T) {
	r := newRuntime(t, wasm.Config{})
	s := spec(t, idle().Bytes(), abi.Pooled, 1)
	first, err := r.Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	second := loadIn(t, r, s)
	for range 2 { // the second time it must do nothing
		if err := first.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := call(second, exchange(), abi.Pre, long); v != abi.Continue || err != nil {
		t.Errorf("Call() = %v, %v after the other plugin was closed", v, err)
	}
}

// Under the race detector: the engine has state of its own.
func TestRuntimesCanBeMadeSideBySide(t *testing.T) {
	var all sync.WaitGroup
	for _, dir := range []string{t.TempDir(), t.TempDir(), "", ""} {
		all.Go(func() {
			r, err := wasm.New(t.Context(), wasm.Config{CacheDir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			if err := r.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
