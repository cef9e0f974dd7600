package coproc_test

import (
	"fmt"
	"os"
)

// moreHandlers are those that only some of the fakes declare.
const moreHandlers = `,{"hook_name":"safe","hook_types":["pre"],"writes":["headers"],"idempotent":true},` +
	`{"hook_name":"key","hook_types":["auth"],"mode":"replace","headers":["authorization"],"writes":["headers"],"cacheable":true}`

// first reports whether there is no marker yet, and leaves one.
func (f *fakePlugin) first() bool {
	if _, err := os.Stat(f.arg); err == nil {
		return false
	}
	return os.WriteFile(f.arg, nil, 0o600) == nil
}

// more answers a dispatch in one of the ways that a gateway reacts to. It
// reports false for any other.
func (f *fakePlugin) more(c call) bool {
	f.calls++
	switch f.how {
	case "record":
		if c.Params.RequestID == "unanswered" {
			return true
		}
		f.answer(c.ID, `{"action":"continue"}`)
	case "twin":
		f.twin(c)
	case "die-once":
		if f.first() {
			os.Exit(9)
		}
		f.good(c)
	case "leave-once":
		if f.first() {
			f.fail(c, 4005, "{}")
			os.Exit(0)
		}
		f.good(c)
	case "busy-once":
		if f.calls == 1 {
			f.fail(c, 4004, `{"retry_after_ms":5}`)
			return true
		}
		f.good(c)
	case "busy":
		f.fail(c, 4004, "{}")
	case "narrow":
		f.line(`{"jsonrpc":"2.0","method":"status","params":{"state":"degraded","max_in_flight":%s}}`, f.arg)
		f.good(c)
	case "widen":
		f.line(`{"jsonrpc":"2.0","method":"status","params":{"state":"overloaded"}}`)
		f.line(`{"jsonrpc":"2.0","method":"status","params":{"state":"ready"}}`)
		f.good(c)
	case "cached":
		f.answer(c.ID, fmt.Sprintf(`{"action":"allow","session":{"key_id":"k%d"},"request":{"set_headers":{"X-Call":"%d"}},"cache_ttl_ms":%s}`,
			f.calls, f.calls, f.arg))
	case "metrics":
		for range 3 {
			f.line(`{"jsonrpc":"2.0","method":"metric","params":{"name":"hits","kind":"counter","value":2,"labels":{"db":"a"}}}`)
			f.line(`{"jsonrpc":"2.0","method":"metric","params":{"name":"pool","kind":"gauge","value":%d}}`, f.calls)
		}
		for i := range 100 {
			f.line(`{"jsonrpc":"2.0","method":"metric","params":{"name":"m%d","kind":"counter","value":1}}`, i)
		}
		f.line(`{"jsonrpc":"2.0","method":"metric","params":{"name":"BAD NAME","kind":"counter","value":1}}`)
		f.good(c)
	default:
		return false
	}
	return true
}

func (f *fakePlugin) fail(c call, code int, data string) {
	f.line(`{"jsonrpc":"2.0","id":%d,"error":{"code":%d,"message":"no","data":%s}}`, c.ID, code, data)
}

// record keeps what came in.
func (f *fakePlugin) record() {
	file, err := os.OpenFile(f.arg, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "%s\n", f.in.Bytes())
}
