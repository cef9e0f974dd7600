package coproc_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// limit bounds what a test waits for, on a busy machine.
const limit = 20 * time.Second

// gateway is a fake gateway with one process.
type gateway struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	stderr bytes.Buffer  // to be read when the process has exited
	ended  chan struct{} // closed when stdout has ended

	// mu protects the fields below.
	mu      sync.Mutex
	answers map[string][]answer // by id as it is on the wire
	noise   []string            // lines that are not messages
	changed chan struct{}       // closed and renewed with each message
}

// answer is what a process sent: an answer, or a notification without an id.
type answer struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

// start starts the process. It is gone when the test ends.
func start(t *testing.T, p program) *gateway {
	t.Helper()
	g := &gateway{
		t: t, cmd: exec.Command(p.command[0], p.command[1:]...),
		answers: map[string][]answer{}, changed: make(chan struct{}), ended: make(chan struct{}),
	}
	g.cmd.Stderr = &g.stderr
	g.cmd.Env = append(g.cmd.Environ(), "GORACE=atexit_sleep_ms=0")
	var err error
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go g.read(out)
	t.Cleanup(func() {
		_ = g.cmd.Process.Kill()
		<-g.ended
		_ = g.cmd.Wait()
		if t.Failed() {
			t.Logf("stderr of the process:\n%s", g.stderr.String())
		}
	})
	return g
}

func (g *gateway) read(out io.Reader) {
	defer close(g.ended)
	lines := bufio.NewReaderSize(out, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && len(line) == 0 {
			return
		}
		g.receive(line, err)
	}
}

func (g *gateway) receive(line []byte, cut error) {
	var a answer
	err := json.Unmarshal(line, &a)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err != nil, cut != nil, a.Version != "2.0":
		g.noise = append(g.noise, string(line))
	case a.Method != "" && a.ID != nil, a.Method == "" && (a.Result == nil) == (a.Error == nil):
		g.noise = append(g.noise, string(line))
	default:
		g.answers[string(a.ID)] = append(g.answers[string(a.ID)], a)
	}
	close(g.changed)
	g.changed = make(chan struct{})
}

// send writes frames, each with its own write.
func (g *gateway) send(frames ...string) {
	g.t.Helper()
	for _, f := range frames {
		g.write(f + "\n")
	}
}

func (g *gateway) write(text string) {
	g.t.Helper()
	if _, err := io.WriteString(g.in, text); err != nil {
		g.t.Fatalf("the process does not read: %v", err)
	}
}

// await returns the answer with an id.
func (g *gateway) await(id any) answer {
	g.t.Helper()
	end := time.After(limit)
	for {
		g.mu.Lock()
		got, changed := g.answers[fmt.Sprint(id)], g.changed
		g.mu.Unlock()
		if len(got) > 0 {
			return got[0]
		}
		select {
		case <-changed:
		case <-g.ended:
			g.t.Fatalf("the process ended without an answer to %v", id)
		case <-end:
			g.t.Fatalf("no answer to %v", id)
		}
	}
}

// count returns how many answers with an id there are.
func (g *gateway) count(id any) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.answers[fmt.Sprint(id)])
}

func (g *gateway) wantResult(id any, text string) {
	g.t.Helper()
	if a := g.await(id); a.Error != nil || !strings.Contains(string(a.Result), text) {
		g.t.Fatalf("answer to %v is %s, error %+v: want a result with %s", id, a.Result, a.Error, text)
	}
}

func (g *gateway) wantCode(id any, code int) answer {
	g.t.Helper()
	a := g.await(id)
	if a.Error == nil || a.Error.Code != code {
		g.t.Fatalf("answer to %v is %s, error %+v: want code %d", id, a.Result, a.Error, code)
	}
	return a
}

// hangUp closes stdin. The process must exit in time with code 0, and must
// have written nothing but messages, at most one answer per id.
func (g *gateway) hangUp() {
	g.t.Helper()
	g.exit()
	for id, all := range g.answers {
		if len(all) > 1 && id != "null" && id != "" {
			g.t.Errorf("%d answers to %s", len(all), id)
		}
	}
}

// exit closes stdin and waits for the process.
func (g *gateway) exit() {
	g.t.Helper()
	_ = g.in.Close()
	select {
	case <-g.ended:
	case <-time.After(limit):
		g.t.Fatal("the process did not exit")
	}
	if err := g.cmd.Wait(); err != nil {
		g.t.Errorf("the process exited with %v, want code 0", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.noise) > 0 {
		g.t.Errorf("stdout has lines that are no messages: %.200q", g.noise)
	}
}

// The frames of a session.
const (
	initialized = `{"jsonrpc":"2.0","method":"initialized"}`
)

func initialize(id int, versions string, maxMessage int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"initialize","params":{"protocol":[%s],"gateway":{"name":"fake","version":"1"},"limits":{"max_message_bytes":%d,"max_in_flight":256},"sandbox":{},"pid":1}}`,
		id, versions, maxMessage)
}

func request(id int, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, id, method, params)
}

// loadAPI loads an API whose pre hook carries out a script of conform.
func loadAPI(id int, api, script string) string {
	return request(id, "api/load", fmt.Sprintf(
		`{"api_id":%q,"generation":1,"org_id":"acme","hooks":[{"hook_type":"pre","hook_name":"conform"}],"config_data":{"script":{"pre":[%s]}}}`, api, script))
}

// dispatch runs the pre hook of an API; rest is more of the request.
func dispatch(id int, api string, deadline time.Duration, rest string) string {
	return request(id, "dispatch", fmt.Sprintf(
		`{"hook_type":"pre","hook_name":"conform","api_id":%q,"generation":1,"request_id":"r%d","deadline_ms":%d,"request":{"method":"GET","url":"/"%s,"header_list":[["X-Id","n%d"]]}}`,
		api, id, deadline.Milliseconds(), rest, id))
}

func cancel(id int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"cancel","params":{"id":%d,"reason":"deadline"}}`, id)
}

// open starts a process with a session and these APIs:
// echo answers with the request's X-Id, hang waits for the end of the call,
// fail fails and print prints before it echoes.
func open(t *testing.T, p program) *gateway {
	t.Helper()
	g := start(t, p)
	g.send(
		initialize(1, `"1.0"`, 8<<20), initialized,
		loadAPI(2, "echo", `"echo-header X-Id X-Id"`),
		loadAPI(3, "hang", `"hang"`),
		loadAPI(4, "fail", `"fail"`),
		loadAPI(5, "print", `"print a stray line","echo-header X-Id X-Id"`),
		loadAPI(6, "large", `"append-request-body 00"`),
	)
	for id := range 6 {
		g.wantResult(id+1, "")
	}
	return g
}
