package abitest

import (
	"context"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest/conform"
	"github.com/c386954a/sallyport/internal/fixture"
)

// TestKitSeesEveryWrongPlugin shows that the kit can fail: each of these
// plugins is right but for one mistake, and some scenario must tell.
func TestKitSeesEveryWrongPlugin(t *testing.T) {
	for _, tt := range []struct {
		name, scenario string
		wrong          func(abi.Plugin, *abi.Exchange) (abi.Verdict, error)
	}{
		{"does nothing", "request-header-set-replaces-in-place", func(abi.Plugin, *abi.Exchange) (abi.Verdict, error) {
			return abi.Continue, nil
		}},
		{"swallows its error", "fault-in-response", func(p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
			v, _ := p.Call(x)
			return v, nil
		}},
		{"answers and continues", "respond-from-post", func(p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
			_, err := p.Call(x)
			return abi.Continue, err
		}},
		{"reports another kind", "hang", func(p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
			_, _ = p.Call(x)
			return abi.Continue, abi.Errorf(abi.Limit, "too late")
		}},
		{"adds a field of its own", "untouched", func(p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
			_ = x.AddHeader(abi.OfRequest, []byte("X-Own"), []byte("1"))
			return p.Call(x)
		}},
		{"drops one byte of the body", "request-body-binary-append", func(p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
			v, err := p.Call(x)
			_ = x.SetBody(abi.OfRequest, x.Request.Body[1:])
			return v, err
		}},
		{"loses the session", "session-metadata-seen", func(p abi.Plugin, x *abi.Exchange) (abi.Verdict, error) {
			v, err := p.Call(x)
			if x.Hook == abi.Auth {
				_ = x.SetSession(&abi.Session{})
			}
			return v, err
		}},
		{"panics", "untouched", func(abi.Plugin, *abi.Exchange) (abi.Verdict, error) {
			panic("in the runtime")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := find(t, tt.scenario)
			right, err := s.play(new(abi.Exchange), plays(nil))
			if diff := s.diff(right); err != nil || diff != "" {
				t.Fatalf("the right plugin: %v\n%s", err, diff)
			}
			wrong, err := s.play(new(abi.Exchange), plays(tt.wrong))
			if err != nil {
				t.Fatal(err)
			}
			if s.diff(wrong) == "" {
				t.Errorf("scenario %s is green for a plugin that %s", s.name, tt.name)
			}
		})
	}
}

// TestKitSeesAMissingEvent shows that the count of events is compared.
func TestKitSeesAMissingEvent(t *testing.T) {
	s := find(t, "auth-fault")
	got, err := s.play(new(abi.Exchange), plays(nil))
	if err != nil {
		t.Fatal(err)
	}
	got.events = 0
	if s.diff(got) == "" {
		t.Error("the scenario is green without its event")
	}
}

func TestAFaultOutsideTheAllowedKindsIsSeen(t *testing.T) {
	s := find(t, "refused-crlf-in-value")
	for kind, wantGreen := range map[abi.Kind]bool{abi.Protocol: true, abi.Trap: true, abi.Limit: false, abi.Timeout: false} {
		got := outcome{Played: fixture.Played{Upstream: fixture.None(), Reply: fixture.FaultReply(abi.Errorf(kind, "x"))}}
		if green := s.diff(got) == ""; green != wantGreen {
			t.Errorf("%v: green = %v, want %v", kind, green, wantGreen)
		}
	}
}

func TestBrokenScenariosAreRefused(t *testing.T) {
	const rest = "-- request --\nGET / HTTP/1.1\n-- upstream --\nnone\n-- reply --\nHTTP/1.1 200\n"
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", "", "section hooks: is missing"},
		{"no reply", "-- hooks --\npre\n-- request --\nGET / HTTP/1.1\n-- upstream --\nnone\n", "section reply: is missing"},
		{"misspelled section", "-- hooks --\npre\n-- event --\n1\n" + rest, "section event: is not known"},
		{"section twice", "-- hooks --\npre\n" + rest + rest, "section request occurs twice"},
		{"unknown hook", "-- hooks --\nprae\n" + rest, "section hooks: no hook prae"},
		{"unknown option", "-- hooks --\npre on_fault=shut\n" + rest, "section hooks: no option on_fault=shut"},
		{"stray word", "-- hooks --\npre now\n" + rest, "section hooks: only virtual takes a method or a path"},
		{"config", "-- config.json --\n{\n-- hooks --\npre\n" + rest, "section config.json: not valid JSON"},
		{"hex", "-- hooks --\npre\n-- request.body.hex --\n0g\n" + rest, "section request.body.hex: encoding/hex: invalid byte: U+0067 'g'"},
		{"header line", "-- hooks --\npre\n" + strings.Replace(rest, "HTTP/1.1\n", "HTTP/1.1\nX\n", 1), `section request: header line "X" has no colon`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseScenario("x", []byte(tt.file))
			if err == nil || err.Error() != tt.want {
				t.Errorf("parseScenario() = %v, want %s", err, tt.want)
			}
		})
	}
}

// TestScenariosCoverTheContract fails when a file goes missing.
func TestScenariosCoverTheContract(t *testing.T) {
	if n := len(loadScenarios(t)); n < 100 {
		t.Errorf("%d scenarios, want at least 100", n)
	}
}

func find(t *testing.T, name string) *scenario {
	t.Helper()
	for _, s := range loadScenarios(t) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no scenario %s", name)
	return nil
}

// wrongPlugin is conform with one mistake.
type wrongPlugin struct {
	abi.Plugin
	call func(abi.Plugin, *abi.Exchange) (abi.Verdict, error)
}

func (w wrongPlugin) Call(x *abi.Exchange) (abi.Verdict, error) { return w.call(w.Plugin, x) }

// plays returns the native plugin, with a mistake unless it is nil.
func plays(wrong func(abi.Plugin, *abi.Exchange) (abi.Verdict, error)) pluginFor {
	p, err := conform.Native{}.Load(context.Background(), abi.Spec{})
	if err != nil {
		panic(err)
	}
	if wrong != nil {
		p = wrongPlugin{p, wrong}
	}
	return func(abi.Hook) abi.Plugin { return p }
}
