package abitest

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/proxy/chain"
)

//go:embed testdata/*.txtar
var testdata embed.FS

// scenario is one txtar file, see README.md.
type scenario struct {
	fixture.Case

	name  string
	api   *abi.API
	hooks []binding
	want  outcome
}

// binding is one line of the section hooks.
type binding struct {
	hook         abi.Hook
	method, path string // of virtual
	timeout      time.Duration
	onFault      chain.Policy
	bodyLimit    int
}

// slow reports whether the scenario waits for a deadline.
func (s *scenario) slow() bool {
	for _, b := range s.hooks {
		if b.timeout > 0 {
			return true
		}
	}
	return false
}

func loadScenarios(t *testing.T) []*scenario {
	t.Helper()
	files, err := fs.Glob(testdata, "testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*scenario, 0, len(files))
	for _, file := range files {
		data, err := testdata.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseScenario(strings.TrimSuffix(path.Base(file), ".txtar"), data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, s)
	}
	return all
}

// parseScenario reads a scenario. It refuses sections it does not know: a
// misspelled one would test less than it says.
func parseScenario(name string, data []byte) (*scenario, error) {
	f := fixture.Split(data)
	s := &scenario{name: name, hooks: hooks(f)}
	s.Request = f.Message("request", nil)
	s.UpstreamReply = f.Message("upstream.reply", []byte("HTTP/1.1 200\n"))
	s.api = &abi.API{
		ID: name, Name: name, OrgID: "org1", ListenPath: "/",
		Config: f.JSON("config.json", []byte("{}")), Generation: 1,
	}
	s.want.Upstream = f.Message("upstream", nil)
	s.want.Reply = f.Message("reply", nil)
	s.want.events = f.Int("events", 0)
	return s, f.Err()
}

func hooks(f *fixture.Sections) []binding {
	var all []binding
	for line := range strings.Lines(string(f.Take("hooks", nil))) {
		b, err := parseBinding(strings.Fields(line))
		if err != nil {
			f.Fail("hooks", err)
		}
		all = append(all, b)
	}
	return all
}

// parseBinding reads "HOOK [METHOD] [/path] [timeout=D] [on_fault=open]
// [body_limit=N]".
func parseBinding(words []string) (binding, error) {
	var b binding
	if len(words) == 0 {
		return b, errors.New("empty line")
	}
	h, ok := abi.ParseHook(words[0])
	if !ok {
		return b, fmt.Errorf("no hook %s", words[0])
	}
	b.hook = h
	for _, word := range words[1:] {
		if err := b.set(word); err != nil {
			return b, err
		}
	}
	if h != abi.Virtual && b.method+b.path != "" {
		return b, errors.New("only virtual takes a method or a path")
	}
	return b, nil
}

func (b *binding) set(word string) (err error) {
	key, value, option := strings.Cut(word, "=")
	switch {
	case option && key == "timeout":
		b.timeout, err = time.ParseDuration(value)
	case option && key == "body_limit":
		b.bodyLimit, err = strconv.Atoi(value)
	case word == "on_fault=open":
		b.onFault = chain.Open
	case option:
		err = fmt.Errorf("no option %s", word)
	case strings.HasPrefix(word, "/"):
		b.path = word
	default:
		b.method = word
	}
	return err
}
