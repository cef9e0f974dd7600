package abitest

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
	"golang.org/x/tools/txtar"
)

//go:embed testdata/*.txtar
var testdata embed.FS

// scenario is one txtar file, see README.md.
type scenario struct {
	name          string
	api           *abi.API
	hooks         []binding
	request       message
	upstreamReply message
	want          outcome
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
	p := parser{sections: map[string][]byte{}}
	for _, f := range txtar.Parse(data).Files {
		if _, twice := p.sections[f.Name]; twice {
			return nil, fmt.Errorf("section %s occurs twice", f.Name)
		}
		p.sections[f.Name] = f.Data
	}
	s := &scenario{
		name:          name,
		hooks:         p.hooks(),
		request:       p.message("request", ""),
		upstreamReply: p.message("upstream.reply", "HTTP/1.1 200\n"),
	}
	s.api = &abi.API{ID: name, Name: name, OrgID: "org1", ListenPath: "/", Config: p.config(), Generation: 1}
	s.want = outcome{
		upstream: p.message("upstream", ""),
		reply:    p.message("reply", ""),
		events:   p.events(),
	}
	for section := range p.sections {
		p.fail(section, errors.New("not a section of a scenario"))
	}
	return s, p.err
}

// parser takes sections out of a scenario and keeps the first error.
type parser struct {
	sections map[string][]byte
	err      error
}

func (p *parser) fail(section string, err error) {
	if p.err == nil {
		p.err = fmt.Errorf("section %s: %w", section, err)
	}
}

// take returns a section. One without a default must be there.
func (p *parser) take(name, missing string) []byte {
	data, ok := p.sections[name]
	delete(p.sections, name)
	if !ok && missing == "" {
		p.fail(name, errors.New("is missing"))
	}
	if !ok {
		return []byte(missing)
	}
	return data
}

func (p *parser) message(name, missing string) message {
	m, err := parseMessage(p.take(name, missing))
	if err != nil {
		p.fail(name, err)
	}
	body, ok := p.sections[name+".body.hex"]
	if !ok {
		return m
	}
	delete(p.sections, name+".body.hex")
	if m.body, err = parseHex(body); err != nil {
		p.fail(name+".body.hex", err)
	}
	return m
}

func (p *parser) config() []byte {
	data := p.take("config.json", "{}")
	if !json.Valid(data) {
		p.fail("config.json", errors.New("not valid JSON"))
	}
	return data
}

func (p *parser) events() int {
	n, err := strconv.Atoi(strings.TrimSpace(string(p.take("events", "0\n"))))
	if err != nil {
		p.fail("events", err)
	}
	return n
}

func (p *parser) hooks() []binding {
	var all []binding
	for line := range strings.Lines(string(p.take("hooks", ""))) {
		b, err := parseBinding(strings.Fields(line))
		if err != nil {
			p.fail("hooks", err)
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
