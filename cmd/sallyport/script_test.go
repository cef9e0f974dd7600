package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// scriptCommands are what scripts can do beside running programs.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"edit":     scriptEdit,
		"http":     scriptHTTP,
		"module":   scriptModule,
		"start":    scriptStart,
		"upstream": scriptUpstream,
	}
}

// scriptStart starts a gateway and sets URL to where it listens, and READY to
// what it says then. It is stopped at the end of the script, and must end well.
//
//	start sallyport run -c sallyport.yaml
func scriptStart(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start PROGRAM ARG…")
	}
	cmd := exec.Command(lookIn(ts.Getenv("PATH"), args[0]), args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "HOME="+ts.Getenv("HOME"), "PATH="+ts.Getenv("PATH"))
	var logs lockedBuffer
	cmd.Stderr = &logs
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { stopGateway(ts, cmd, &logs) })
	ready := regexp.MustCompile(`listening on (http://\S+)`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := ready.FindStringSubmatch(lines.Text()); m != nil {
			ts.Setenv("URL", m[1])
			ts.Setenv("READY", lines.Text())
			return
		}
	}
	ts.Fatalf("%s ended without listening:\n%s", strings.Join(args, " "), &logs)
}

func stopGateway(ts *testscript.TestScript, cmd *exec.Cmd, logs *lockedBuffer) {
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
		ts.Logf("the gateway ended with: %v\n%s", err, logs)
	}
}

func lookIn(path, program string) string {
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, program)
		if info, err := os.Stat(file); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return program
}

// scriptHTTP sends a request and prints the reply: status, header, body.
//
//	http GET $URL/hello X-Name:value
func scriptHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL [NAME:VALUE…]")
	}
	req, err := http.NewRequest(args[0], args[1], nil)
	ts.Check(err)
	for _, field := range args[2:] {
		name, value, _ := strings.Cut(field, ":")
		req.Header.Add(name, strings.TrimSpace(value))
	}
	client := &http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections() // the gateway would wait for them
	reply, err := client.Do(req)
	ts.Check(err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", reply.Status)
	ts.Check(reply.Header.Write(ts.Stdout()))
	fmt.Fprintf(ts.Stdout(), "\n%s", body)
}

// scriptUpstream starts a server that answers with the header fields it gets,
// and sets UPSTREAM to its URL.
func scriptUpstream(ts *testscript.TestScript, _ bool, _ []string) {
	server := httptest.NewServer(http.HandlerFunc(echoHeader))
	ts.Defer(server.Close)
	ts.Setenv("UPSTREAM", server.URL)
}

// scriptEdit replaces text in a file; \n stands for a new line.
//
//	edit FILE OLD NEW
func scriptEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	file := ts.MkAbs(args[0])
	data, err := os.ReadFile(file)
	ts.Check(err)
	lines := strings.NewReplacer(`\n`, "\n")
	old := lines.Replace(args[1])
	if !strings.Contains(string(data), old) {
		ts.Fatalf("%s has no %q", args[0], old)
	}
	ts.Check(os.WriteFile(file, []byte(strings.ReplaceAll(string(data), old, lines.Replace(args[2]))), 0o600))
}

// scriptModule writes a WebAssembly module that imports functions of the ABI
// and implements the hook pre.
//
//	module FILE [MODULE.FUNCTION/PARAMETERS…]
func scriptModule(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: module FILE [MODULE.FUNCTION/PARAMETERS…]")
	}
	m := wasmtest.New(1)
	for _, arg := range args[1:] {
		var params int
		name, count, _ := strings.Cut(arg, "/")
		module, name, _ := strings.Cut(name, ".")
		_, err := fmt.Sscan(count, &params)
		ts.Check(err)
		const i32 = 0x7f
		m.Import(module, name, params, i32)
	}
	m.Func("sallyport_pre", wasmtest.Const(0))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), m.Bytes(), 0o600))
}

// toolchains are what plugins are built with and compared to.
var toolchains = map[string]struct {
	install string
	try     []string // arguments with which a complete installation succeeds
}{
	"go": {"install Go 1.24 or newer", []string{"version"}},
	"clang": {"apt install clang-19 lld-19", []string{
		"--target=wasm32", "-nostdlib", "-Wl,--no-entry", "-x", "c", "-o", os.DevNull, os.DevNull,
	}},
	"asc":     {"apt install nodejs npm, npm ci --prefix sdk/assemblyscript", []string{"--version"}},
	"rustc":   {"apt install rustc libstd-rust-dev-wasm32 lld", nil}, // see compilesToWasm
	"python3": {"apt install python3", []string{"--version"}},
	"node":    {"apt install nodejs", []string{"--version"}},
	"nginx":   {"apt install nginx libnginx-mod-http-lua libnginx-mod-http-js", []string{"-v"}},
	"haproxy": {"apt install haproxy", []string{"-v"}},
}

// scriptConditions knows [long], where tests run in full, and [have:PROGRAM],
// for the programs in toolchains. Under
// SALLYPORT_CI one that is missing fails the script, for nothing may skip
// there.
func scriptConditions(path string) func(string) (bool, error) {
	return func(cond string) (bool, error) {
		if cond == "long" {
			return longtest.Enabled(), nil
		}
		program, ok := strings.CutPrefix(cond, "have:")
		tool, known := toolchains[program]
		if !ok || !known {
			return false, fmt.Errorf("unknown condition %s", cond)
		}
		found := slices.ContainsFunc([]string{program, program + "-19"}, func(name string) bool {
			file := lookIn(path, name)
			if program == "rustc" {
				return file != name && compilesToWasm(file)
			}
			return file != name && needs.Try(append([]string{file}, tool.try...)...) == ""
		})
		if !found && os.Getenv("SALLYPORT_CI") == "1" {
			return false, fmt.Errorf("%s is missing or incomplete: %s", program, tool.install)
		}
		return found, nil
	}
}

// toolPath returns the path that scripts look for compilers in: those that
// are in the source tree, and a rustc that knows WebAssembly, come first.
func toolPath(t *testing.T) string {
	t.Helper()
	path := os.Getenv("PATH")
	if bin, err := filepath.Abs("../../sdk/assemblyscript/node_modules/.bin"); err == nil {
		path = bin + string(filepath.ListSeparator) + path
	}
	const debian = "/usr/bin/rustc"
	if compilesToWasm(lookIn(path, "rustc")) || !compilesToWasm(debian) {
		return path
	}
	bin := t.TempDir()
	if err := os.Symlink(debian, filepath.Join(bin, "rustc")); err != nil {
		t.Fatal(err)
	}
	return bin + string(filepath.ListSeparator) + path
}

// compilesToWasm reports whether a rustc has the library and the linker for
// WebAssembly, by making it compile nothing.
func compilesToWasm(rustc string) bool {
	dir, err := os.MkdirTemp("", "rustc-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(rustc, "--target", "wasm32-unknown-unknown", "--crate-type", "cdylib", "-o", filepath.Join(dir, "x.wasm"), "-")
	return cmd.Run() == nil
}

// scriptEnv returns what scripts need: caches of the Go command, no network,
// and where the examples are.
func scriptEnv(t *testing.T) []string {
	t.Helper()
	examples, err := filepath.Abs(examplesDir)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"EXAMPLES=" + examples, "GOPROXY=off", "GOTOOLCHAIN=local", "GOFLAGS=", "GOENV=off", "CARGO_NET_OFFLINE=true"}
	for _, name := range []string{"GOCACHE", "GOPATH"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(out)))
	}
	return env
}
