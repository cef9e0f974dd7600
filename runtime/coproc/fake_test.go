package coproc_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// fakePlugin is a plugin process that misbehaves in one chosen way and is
// correct otherwise. It shares no code with the real ones.
type fakePlugin struct {
	how, arg string
	in       *bufio.Scanner
	held     []call // dispatches not answered yet
	calls    int
}

type call struct {
	ID     int64  `json:"id"`
	Method string `json:"method"`
	Params struct {
		RequestID string `json:"request_id"`
	} `json:"params"`
}

func fake(args []string) error {
	f := fakePlugin{how: args[0], in: bufio.NewScanner(os.Stdin)}
	if len(args) > 1 {
		f.arg = args[1]
	}
	f.in.Buffer(nil, 16<<20)
	f.exitAt("start")
	if f.how == "sleep" { // the grandchild of another fake
		time.Sleep(millis(f.arg))
		return nil
	}
	if f.how == "change" { // the first process declares the handler, later ones do not
		if _, err := os.Stat(f.arg); err == nil {
			f.how = "other-handler"
		} else if err := os.WriteFile(f.arg, nil, 0o600); err != nil {
			return err
		}
	}
	if f.how == "once" { // the first process works, later ones do not start
		if _, err := os.Stat(f.arg); err == nil {
			return fmt.Errorf("there is a %s", f.arg)
		}
		if err := os.WriteFile(f.arg, nil, 0o600); err != nil {
			return err
		}
	}
	for f.in.Scan() {
		var c call
		if err := json.Unmarshal(f.in.Bytes(), &c); err != nil {
			return err
		}
		f.exitAt(c.Method)
		if f.how == "record" {
			f.record()
		}
		f.serve(c)
	}
	return f.in.Err()
}

func (f *fakePlugin) exitAt(step string) {
	if f.how == "exit" && f.arg == step {
		fmt.Fprintln(os.Stderr, "exit at", step)
		os.Exit(3)
	}
}

func (f *fakePlugin) serve(c call) {
	switch c.Method {
	case "initialize":
		f.initialize(c)
	case "initialized":
		if f.how == "deaf-parent" {
			f.fork3()
		}
		if f.how == "deaf" || f.how == "deaf-parent" {
			f.answer(0, "{}") // unknown to the gateway; it only shows we are alive
			select {}
		}
	case "api/load", "api/unload", "shutdown":
		f.answer(c.ID, "{}")
	case "ping":
		if f.how != "no-ping" {
			f.answer(c.ID, "{}")
		}
	case "dispatch":
		f.dispatch(c)
	}
}

func (f *fakePlugin) initialize(c call) {
	switch f.how {
	case "mute":
		return
	case "version":
		f.answer(c.ID, `{"protocol":"9.9","handlers":[]}`)
		return
	case "4001":
		f.line(`{"jsonrpc":"2.0","id":%d,"error":{"code":4001,"message":"no","data":{"supported":["9.9"]}}}`, c.ID)
		return
	case "no-handlers":
		f.answer(c.ID, `{"protocol":"1.0"}`)
		return
	}
	if f.how == "other-handler" {
		f.answer(c.ID, `{"protocol":"1.0","handlers":[{"hook_name":"other","hook_types":["pre"]}]}`)
		return
	}
	f.answer(c.ID, `{"protocol":"1.0","plugin":{"name":"fake","version":"1"},"unknown":[1,{"a":null}],"handlers":[`+
		`{"hook_name":"any","hook_types":["pre","post","response"],"writes":["headers"]},`+
		`{"hook_name":"any","hook_types":["auth"],"mode":"replace"}`+f.extra()+`]}`)
	if f.how == "chatter" {
		f.line(`{"jsonrpc":"2.0","method":"log","params":{"level":"warn","msg":"idp slow","attrs":{"ms":7}}}`)
		f.line(`{"jsonrpc":"2.0","method":"surprise"}`)
		f.line(`{"jsonrpc":"2.0","id":5,"method":"gateway/please"}`)
	}
}

// good answers a dispatch correctly: it tells which request it was.
func (f *fakePlugin) good(c call) {
	f.answer(c.ID, fmt.Sprintf(`{"action":"continue","request":{"set_headers":{"X-Got":%q}}}`, c.Params.RequestID))
}

func (f *fakePlugin) dispatch(c call) {
	switch f.how {
	case "reverse":
		f.held = append(f.held, c)
		if len(f.held) < int(millis(f.arg)/time.Millisecond) {
			return
		}
		for _, v := range slices.Backward(f.held) {
			f.good(v)
		}
		f.held = nil
	case "late": // answers a call when the next one comes, first the old one
		f.held = append(f.held, c)
		if len(f.held) > 1 {
			f.good(f.held[0])
			f.good(c)
		}
	case "twice":
		f.good(c)
		f.good(c)
	case "ids":
		f.answer(c.ID+1<<10, `{"action":"respond"}`)
		f.answer(1<<52, `{"action":"respond"}`)
		f.line(`{"jsonrpc":"2.0","id":"%d","result":{"action":"respond"}}`, c.ID)
		f.line(`{"jsonrpc":"2.0","id":%d.5,"result":{"action":"respond"}}`, c.ID)
		f.good(c)
	case "print":
		f.line("hello from a print")
		f.good(c)
	case "broken":
		f.line(`{"jsonrpc":"2.0","id":%d,"result":{"action":`, c.ID)
	case "result":
		f.answer(c.ID, f.arg)
	case "oversize":
		f.answer(c.ID, `{"action":"continue","x":"`+strings.Repeat("x", 1<<20)+`"}`)
	case "half":
		fmt.Printf(`{"jsonrpc":"2.0","id":%d,"result":{"act`, c.ID)
		os.Exit(0)
	case "exit-127":
		os.Exit(127)
	case "silent":
	case "close-stdout":
		_ = os.Stdout.Close()
	case "flood":
		for i := range 20_000 {
			fmt.Fprintln(os.Stderr, "line", i, strings.Repeat("x", 100))
		}
		f.good(c)
	case "grandchild":
		f.fork()
		os.Exit(7)
	case "forget": // wants the API once more
		if f.held = append(f.held, c); len(f.held) == 1 {
			f.line(`{"jsonrpc":"2.0","id":%d,"error":{"code":4003,"message":"who?"}}`, c.ID)
			return
		}
		f.good(c)
	default:
		if !f.more(c) {
			f.good(c)
		}
	}
}

func (f *fakePlugin) extra() string {
	switch f.how {
	case "die-once", "busy", "busy-once", "cached":
		return moreHandlers
	}
	return ""
}

// fork leaves a process behind that has our stdout and is not in our group.
func (f *fakePlugin) fork() {
	self, _ := os.Executable()
	cmd := exec.Command(self, "fake", "sleep", "3000")
	cmd.Stdout = os.Stdout
	detach(cmd)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func (f *fakePlugin) answer(id int64, result string) {
	f.line(`{"jsonrpc": "2.0", "id": %d, "result": %s}`, id, result)
}

func (f *fakePlugin) line(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}
