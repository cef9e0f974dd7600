package native

import (
	"math"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
)

// TestPointersOutsideOfTheMemoryAreFaults gives every function every
// combination of pointer and length that leaves the memory.
func TestPointersOutsideOfTheMemoryAreFaults(t *testing.T) {
	pairs := [][2]int{
		{memorySize, 1},
		{memorySize - 1, 2},
		{0, memorySize + 1},
		{math.MaxUint32, 1},
		{1, math.MaxUint32},
		{math.MaxUint32, math.MaxUint32},
	}
	for _, f := range functions() {
		for _, at := range pointersOf(f.name) {
			for _, pair := range pairs {
				g, _ := newGuest(t, abi.Spec{}, abi.Auth)
				stack := make([]uint64, f.arity())
				stack[at] = garbage | uint64(uint32(pair[0]))
				stack[at+1] = garbage | uint64(uint32(pair[1]))
				if got := g.raw(f.name, stack); got != int64(CodeFault) {
					t.Errorf("%s with %#x at %d = %d, want fault", f.name, pair, at, got)
				}
			}
		}
	}
}

// pointersOf returns the parameters of a function that are pointers whose
// fault must be noticed when everything else is zero.
func pointersOf(name string) []int {
	return map[string][]int{
		"header_get":          {1},
		"header_values":       {1, 3},
		"header_names":        {1},
		"header_all":          {1},
		"header_set":          {1, 3},
		"header_add":          {1, 3},
		"header_del":          {1},
		"request_get":         {1},
		"request_set":         {1},
		"request_body_read":   {1},
		"request_body_splice": {2},
		"request_body_set":    {0},
		"reply_answer":        {1},
		"reply_body_read":     {1},
		"reply_body_splice":   {2},
		"reply_body_set":      {0},
		"meta_get":            {0},
		"meta_set":            {0, 2},
		"session_get":         {0},
		"session_set":         {0},
		"metadata_get":        {0},
		"metadata_set":        {0},
		"config_get":          {1},
		"api_get":             {1},
		"notice_get":          {1},
		"log":                 {1},
		"random":              {0},
		"metric_add":          {0, 2},
		"metric_set":          {0, 2},
		"kv_get":              {0},
		"kv_set":              {0, 2},
		"kv_set_if_absent":    {0, 2},
		"kv_incr":             {0},
		"kv_del":              {0},
		"http_request":        {0, 2, 4, 6},

		"http_response_header":    {0},
		"http_response_body_read": {1},

		"env_get": {0},
	}[name]
}

// TestEveryPointerIsTested keeps the table above complete.
func TestEveryPointerIsTested(t *testing.T) {
	without := map[string]bool{
		"request_body_size": true, "reply_body_size": true, "reply_status": true,
		"reply_set_status": true, "clock": true, "time_left": true,
		"http_response_body_size": true,
		// Its buffer is looked at once there is a response: see below.
		"http_response_header_all": true,
	}
	for _, f := range functions() {
		if (pointersOf(f.name) == nil) != without[f.name] {
			t.Errorf("%s is missing in a table", f.name)
		}
	}
}

// TestBuffersOutsideOfTheMemoryAreFaults gives reads that find their value a
// buffer that leaves the memory.
func TestBuffersOutsideOfTheMemoryAreFaults(t *testing.T) {
	s := abi.Spec{Grants: abi.Grants{KV: []string{"*"}, HTTP: []string{"-"}, Env: []string{"HOME"}}}
	g, _ := newGuest(t, s, abi.Pre)
	g.do("kv_set", "k", "v", int64(0))
	g.do("http_request", "GET", "http://h/", "", "")
	for name, args := range map[string][]any{
		"kv_get":                   {"k", memorySize - 1, 2},
		"kv_incr":                  {"n", memorySize - 7, int64(1), int64(0)},
		"http_response_header":     {"a", memorySize, 1},
		"http_response_header_all": {math.MaxUint32, math.MaxUint32},
		"http_response_body_read":  {0, memorySize - 1, 2},
		"env_get":                  {"HOME", 1, memorySize},
	} {
		if got := g.do(name, args...); got != int64(CodeFault) {
			t.Errorf("%s%v = %d, want fault", name, args, got)
		}
	}
	if got := g.read("kv_get", "n"); got != "(not found)" {
		t.Errorf("kv_incr without room for the sum stored %q", got)
	}
}

// fuzzSpec grants everything.
func fuzzSpec() abi.Spec {
	return abi.Spec{
		Config: []byte(`{"a":"b"}`),
		Grants: abi.Grants{KV: []string{"*"}, HTTP: []string{"-"}, Env: []string{"HOME"}},
	}
}

// FuzzHostFunctions calls functions with any arguments on any memory: they
// never panic, and results are codes or lengths.
func FuzzHostFunctions(f *testing.F) {
	seed := func(name string, hook uint8, memory string, args ...uint64) {
		i := slices.IndexFunc(functions(), func(f function) bool { return f.name == name })
		args = append(args, make([]uint64, 8)...)
		f.Add(uint8(i), hook, []byte(memory), args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7])
	}
	pair := "\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00abc"
	seed("header_get", 0, "A", 0, 0, 1, 100, 10)
	seed("session_set", 1, `{"rate":1}`, 0, 10)
	seed("request_body_splice", 2, "x", math.MaxUint32, math.MaxUint32, 0, 1)
	seed("header_all", 6, "", 1, 65530, 6)
	seed("kv_set", 0, "key", 0, 3, 0, 3, 1)
	seed("kv_incr", 0, "7", 0, 1, 8, math.MaxInt64, math.MaxInt64)
	seed("http_request", 0, pair, 12, 1, 12, 3, 0, uint64(len(pair)), 12, 1)
	seed("http_request", 0, "\xff\xff\xff\xff", 0, 1, 0, 1, 0, 4)
	seed("metric_add", 0, pair, 12, 1, 0, uint64(len(pair)), api.EncodeF64(1))
	seed("env_get", 0, "HOME", 0, 4, 8, 100)
	f.Fuzz(func(t *testing.T, fn, hook uint8, memory []byte, a0, a1, a2, a3, a4, a5, a6, a7 uint64) {
		all := functions()
		host := all[int(fn)%len(all)]
		g, x := newGuest(t, fuzzSpec(), abi.Hook(int(hook)%abi.HookCount))
		x.Session = &abi.Session{KeyID: "k", Metadata: map[string]any{"a": "b"}}
		g.module.Memory().Write(0, memory[:min(len(memory), memorySize)])
		n := g.raw(host.name, []uint64{a0, a1, a2, a3, a4, a5, a6, a7}[:host.arity()])
		if n < int64(lastCode) {
			t.Errorf("%s = %d, which is no code", host.name, n)
		}
		x.Discard()
	})
}

// FuzzPairs reads any bytes as a list and writes what came out as one again.
func FuzzPairs(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00abc"))
	f.Add([]byte("\x00\x00\x00\x00"))
	f.Add([]byte("\xfe\xff\xff\xff\x00"))
	f.Fuzz(func(t *testing.T, list []byte) {
		pairs, ok := readPairs(nil, list)
		if !ok || len(list) == 0 {
			return
		}
		if got := listOf(pairs); got != string(list) {
			t.Errorf("%q was read as %q", list, got)
		}
	})
}
