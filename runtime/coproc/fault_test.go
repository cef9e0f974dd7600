package coproc_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// sees calls p with a request id and reports which one the process saw.
func sees(p abi.Plugin, id string, d time.Duration) (string, error) {
	x := within(exchange(abi.Pre), d)
	x.RequestID = []byte(id)
	_, err := p.Call(x)
	return header(x, "X-Got"), err
}

func wantSees(t *testing.T, p abi.Plugin, id string) {
	t.Helper()
	if got, err := sees(p, id, limit); err != nil || got != id {
		t.Fatalf("Call() saw %q, %v, want %q", got, err, id)
	}
}

func TestLoadFailsWhenProcessDoesNotBecomeReady(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"other version", []string{"fake", "version"}, []string{"does not speak protocol 1.0", "9.9"}},
		{"4001", []string{"fake", "4001"}, []string{"does not speak protocol 1.0", "supported"}},
		{"no handlers", []string{"fake", "no-handlers"}, []string{"no handlers declared"}},
		{"exit at start", []string{"fake", "exit", "start"}, []string{"fake exit start", "exit status 3", "exit at start"}},
		{"exit at initialize", []string{"fake", "exit", "initialize"}, []string{"exit status 3", "exit at initialize"}},
		{"exit at initialized", []string{"fake", "exit", "initialized"}, []string{""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, coproc.Config{}, test.args...)
			_, err := r.Load(context.Background(), spec("any"))
			if err == nil {
				t.Fatal("Load() = nil")
			}
			for _, want := range test.want {
				wantText(t, err, want)
			}
		})
	}
}

func TestLoadFailsWhenProcessNeverAnswers(t *testing.T) {
	r := start(t, coproc.Config{StartTimeout: 50 * time.Millisecond}, "fake", "mute")
	_, err := r.Load(context.Background(), spec("any"))
	wantKind(t, err, abi.Refused)
	wantText(t, err, "not ready within 50ms")
}

func TestLoadFailsWhenProgramIsMissing(t *testing.T) {
	r := coproc.New(coproc.Config{Command: []string{"/does/not/exist", "x"}})
	_, err := r.Load(context.Background(), spec("any"))
	wantKind(t, err, abi.Refused)
	wantText(t, err, `"/does/not/exist x"`)
	wantText(t, err, "cannot be executed")
}

func TestLoadFailsWhenProcessDiesOnAPILoad(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "exit", "api/load")
	_, err := r.Load(context.Background(), spec("any"))
	wantKind(t, err, abi.Gone)
}

func TestLoadFailsWhenHandlerIsNotDeclared(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "good")
	_, err := r.Load(context.Background(), spec("other"))
	wantKind(t, err, abi.Refused)
	wantText(t, err, `handler "other" is not declared; it declares any`)
	_, err = r.Load(context.Background(), spec("any", abi.Pre, abi.Virtual))
	wantKind(t, err, abi.Refused)
	wantText(t, err, `handler "any" is not declared for virtual, only for pre, auth, post, response`)
}

func TestLoadFailsWhenHandlerWantsLargerBodies(t *testing.T) {
	s := spec("upper")
	s.Limits.MaxBody = 1 << 10
	_, err := start(t, coproc.Config{}, "child").Load(context.Background(), s)
	wantKind(t, err, abi.Refused)
	wantText(t, err, "max_body is 1024")
}

func TestAnswersOutOfOrderReachTheirCallers(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "fake", "reverse", "10"), spec("any"))
	var calls sync.WaitGroup
	for i := range 10 {
		calls.Go(func() {
			id := fmt.Sprint("r", i)
			if got, err := sees(p, id, limit); err != nil || got != id {
				t.Errorf("Call() saw %q, %v, want %q", got, err, id)
			}
		})
	}
	calls.Wait()
}

func TestSecondAnswerIsDropped(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "twice")
	p := load(t, r, spec("any"))
	for i := range 50 {
		wantSees(t, p, fmt.Sprint("r", i))
	}
	eventually(t, func() bool { return r.Stats().UnknownIDs == 50 })
}

func TestAnswersWithForeignIDsAreDropped(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "ids")
	p := load(t, r, spec("any"))
	wantSees(t, p, "r1")
	s := r.Stats()
	if s.UnknownIDs != 2 || s.Violations != 2 {
		t.Fatalf("Stats() = %+v, want 2 unknown ids and 2 violations", s)
	}
}

func TestLateAnswerReachesNobody(t *testing.T) {
	r := start(t, coproc.Config{MaxInFlight: 2}, "fake", "late")
	p := load(t, r, spec("any"))
	_, err := sees(p, "old", 20*time.Millisecond)
	wantKind(t, err, abi.Timeout)
	wantSees(t, p, "new")
	if s := r.Stats(); s.LateReplies != 1 || s.InFlight != 0 {
		t.Fatalf("Stats() = %+v, want 1 late reply and no slot taken", s)
	}
}

func TestNoiseOnStdoutIsLogged(t *testing.T) {
	var log syncBuffer
	logger := zerolog.New(&log)
	r := start(t, coproc.Config{Logger: &logger}, "fake", "print")
	p := load(t, r, spec("any"))
	wantSees(t, p, "r1")
	if r.Stats().Noise != 1 || !strings.Contains(log.String(), "hello from a print") {
		t.Fatalf("noise = %d, log = %s", r.Stats().Noise, log.String())
	}
}

func TestTooMuchNoiseRestarts(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "print")
	p := load(t, r, spec("any"))
	for range 10 {
		_, _ = sees(p, "r", limit)
	}
	eventually(t, func() bool { return r.Stats().Starts == 2 })
	wantSees(t, p, "again")
}

func TestThirdBrokenMessageRestarts(t *testing.T) {
	r := start(t, coproc.Config{}, "fake", "broken")
	p := load(t, r, spec("any"))
	for range 3 {
		_, err := sees(p, "r", limit)
		if k := abi.KindOf(err); k != abi.Protocol && k != abi.Gone {
			t.Fatalf("Call() = %v", err)
		}
	}
	eventually(t, func() bool { return r.Stats().Starts == 2 })
}

func TestOversizeMessageRestarts(t *testing.T) {
	r := start(t, coproc.Config{MaxMessage: 1 << 20}, "fake", "oversize")
	p := load(t, r, spec("any"))
	_, err := sees(p, "r", limit)
	wantKind(t, err, abi.Gone)
	eventually(t, func() bool { return r.Stats().Starts == 2 })
}

func TestRequestLargerThanMessageIsLimit(t *testing.T) {
	p := load(t, start(t, coproc.Config{MaxMessage: 4 << 10}, "child"), spec("upper"))
	x := exchange(abi.Pre)
	x.Request.Body = bytes.Repeat([]byte("x"), 8<<10)
	_, err := p.Call(x)
	wantKind(t, err, abi.Limit)
}

func TestDeathInFlightIsGone(t *testing.T) {
	for _, args := range [][]string{
		{"fake", "half"},
		{"fake", "exit", "dispatch"},
		{"fake", "close-stdout"},
		{"fake", "grandchild"},
	} {
		t.Run(strings.Join(args[1:], " "), func(t *testing.T) {
			r := start(t, coproc.Config{}, args...)
			p := load(t, r, spec("any"))
			for range 2 { // the second call goes to a new process
				_, err := sees(p, "r", limit)
				wantKind(t, err, abi.Gone)
			}
			if r.Stats().Starts < 2 {
				t.Fatalf("Stats() = %+v, want a second start", r.Stats())
			}
		})
	}
}

func TestSilentProcessTimesOutAndRestarts(t *testing.T) {
	r := start(t, coproc.Config{MaxInFlight: 4, PingInterval: 20 * time.Millisecond}, "fake", "silent")
	p := load(t, r, spec("any"))
	for range 2 { // half of the window
		_, err := sees(p, "r", 10*time.Millisecond)
		if k := abi.KindOf(err); k != abi.Timeout {
			t.Fatalf("Call() = %v, want kind timeout", err)
		}
	}
	eventually(t, func() bool { return r.Stats().Starts == 2 })
}

func TestProcessThatDoesNotReadRestarts(t *testing.T) {
	r := start(t, coproc.Config{
		WriteStall: 50 * time.Millisecond, PingInterval: time.Hour,
		StopGrace: 10 * time.Millisecond, TermGrace: 10 * time.Millisecond,
	}, "fake", "deaf")
	s := spec("any")
	s.APIs = nil // it would not answer api/load
	p := load(t, r, s)
	for r.Stats().Starts == 1 {
		x := within(exchange(abi.Pre, "X-Long", strings.Repeat("x", 256<<10)), 5*time.Millisecond)
		if _, err := p.Call(x); err == nil {
			t.Fatal("Call() = nil")
		}
	}
}

func TestProcessWithoutPingsRestarts(t *testing.T) {
	r := start(t, coproc.Config{PingInterval: 10 * time.Millisecond}, "fake", "no-ping")
	load(t, r, spec("any"))
	eventually(t, func() bool { return r.Stats().Starts >= 2 })
}

func TestStderrFloodDoesNotHoldUpCalls(t *testing.T) {
	var log syncBuffer
	logger := zerolog.New(&log)
	p := load(t, start(t, coproc.Config{Logger: &logger}, "fake", "flood"), spec("any"))
	wantSees(t, p, "r1")
	if n := strings.Count(log.String(), "plugin process stderr"); n == 0 || n > 20_000/4 {
		t.Fatalf("%d lines logged, want some, but few", n)
	}
}

func TestNotificationsAndRequestsOfProcess(t *testing.T) {
	var log syncBuffer
	logger := zerolog.New(&log)
	r := start(t, coproc.Config{Logger: &logger}, "fake", "chatter")
	wantSees(t, load(t, r, spec("any")), "r1")
	if !strings.Contains(log.String(), `"attrs":{"ms":7},"message":"idp slow"`) || r.Stats().Violations != 0 {
		t.Fatalf("log = %s", log.String())
	}
}

func TestForgottenAPIIsLoadedOnceMore(t *testing.T) {
	wantSees(t, load(t, start(t, coproc.Config{}, "fake", "forget"), spec("any")), "r1")
}

func TestIllegalResults(t *testing.T) {
	for _, test := range []struct {
		name, result string
		hook         abi.Hook
	}{
		{"continue in auth", `{"action":"continue"}`, abi.Auth},
		{"allow without session", `{"action":"allow"}`, abi.Auth},
		{"no action", `{}`, abi.Pre},
		{"allow in pre", `{"action":"allow","session":{}}`, abi.Pre},
		{"line break", `{"action":"continue","request":{"set_headers":{"X-A":"a\r\nSet-Cookie: b"}}}`, abi.Pre},
		{"duplicate name", `{"action":"continue","action":"continue"}`, abi.Pre},
		{"not an object", `[]`, abi.Pre},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := load(t, start(t, coproc.Config{}, "fake", "result", test.result), spec("any", test.hook))
			v, err := p.Call(exchange(test.hook))
			wantKind(t, err, abi.Protocol)
			if test.hook == abi.Auth && v == abi.Respond {
				t.Fatal("verdict with an error")
			}
		})
	}
}

func TestUndeclaredWritesAreDroppedAndCounted(t *testing.T) {
	result := `{"action":"continue","request":{"method":"PUT","url":"/x","host":"evil","body":"x",` +
		`"set_headers":{"X-Ok":"1","Content-Length":"9","Connection":"close"}},"meta":{"a":"b"}}`
	r := start(t, coproc.Config{}, "fake", "result", result)
	p := load(t, r, spec("any"))
	x := exchange(abi.Pre)
	if _, err := p.Call(x); err != nil {
		t.Fatal(err)
	}
	if header(x, "X-Ok") != "1" || len(x.Request.Header) != 1 || string(x.Request.Method) != "GET" ||
		string(x.Request.URI) != "/v1/orders?x=1" || len(x.Meta) != 0 || x.Request.Body != nil {
		t.Fatalf("exchange = %q %q %q", x.Request.Method, x.Request.URI, x.Request.Header)
	}
	if n := r.Stats().DroppedWrites; n != 8 {
		t.Fatalf("%d writes dropped, want 8", n)
	}
}

// syncBuffer is a buffer for loggers of many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestBodyLimitThatNoMessageCanCarryIsRefused is about max_body and
// coproc.max_message, which must not contradict each other.
func TestBodyLimitThatNoMessageCanCarryIsRefused(t *testing.T) {
	for _, test := range []struct {
		name  string
		max   int // of a message
		limit int64
		want  string // in the error; none if it is accepted
	}{
		{"base64 exceeds the default message", 0, 8 << 20, "lower max_body or raise coproc.max_message"},
		{"a body of six eighths of the message", 0, 6 << 20, "lower max_body or raise coproc.max_message"},
		{"it fits with the overhead", 0, 6<<20 - 64<<10, ""},
		{"the process takes less", 16 << 20, 8 << 20, "lower max_body or raise max_message_bytes"},
		{"a small message", 1 << 20, 1 << 20, "lower max_body or raise coproc.max_message"},
		{"no limit of the body", 4 << 10, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, coproc.Config{MaxMessage: test.max}, "child")
			s := spec("read")
			s.Limits.MaxBody = test.limit
			p, err := r.Load(t.Context(), s)
			if test.want != "" {
				wantKind(t, err, abi.Refused)
				wantText(t, err, test.want)
				return
			}
			if err != nil {
				t.Fatalf("Load() = %v", err)
			}
			x := exchange(abi.Pre)
			x.Request.Body = bytes.Repeat([]byte{0xff}, int(test.limit))
			if _, err := p.Call(x); err != nil {
				t.Errorf("Call() = %v for the largest body that is allowed", err)
			}
		})
	}
}
