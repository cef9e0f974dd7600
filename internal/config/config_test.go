package config_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
)

// read returns a file of testdata.
func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// parse returns the configuration written in text, which must be valid.
func parse(t *testing.T, text string, env map[string]string) *config.Config {
	t.Helper()
	c, err := config.Parse("etc/sallyport.yaml", []byte(text), lookup(env))
	if err != nil {
		t.Fatalf("Parse() = %v", err)
	}
	return c
}

// problems returns what is wrong with text, one problem per line.
func problems(t *testing.T, text string, env map[string]string) string {
	t.Helper()
	_, err := config.Parse("f", []byte(text), lookup(env))
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[config.Problems](err); !ok {
		t.Fatalf("Parse() = %T, want config.Problems", err)
	}
	return err.Error()
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// ignorePlaces compares what a configuration says, not where.
var ignorePlaces = cmp.Options{
	cmpopts.IgnoreTypes(config.Pos{}),
	cmpopts.IgnoreUnexported(config.Config{}),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmp.Comparer(func(a, b *regexp.Regexp) bool { return a == b || a != nil && b != nil && a.String() == b.String() }),
}

func TestParseFillsInDefaults(t *testing.T) {
	got := parse(t, "version: 1\n", nil)
	want := &config.Config{
		File:   "etc/sallyport.yaml",
		Listen: config.Text{Value: ":8080"},
		Store:  config.StoreConfig{URL: config.Text{Value: "memory:"}},
		Limits: config.ClientLimits{Header: 16 << 10, URI: 8 << 10, BodyMemory: 256 << 20, BodyRate: 100},
		Timeouts: config.Timeouts{
			ReadHeader: 10 * time.Second,
			ReadBody:   30 * time.Second,
			Write:      30 * time.Second,
			Idle:       60 * time.Second,
			Shutdown:   20 * time.Second,
			Drain:      5 * time.Minute,
		},
	}
	if diff := cmp.Diff(want, got, ignorePlaces); diff != "" {
		t.Errorf("Parse() (-want +got):\n%s", diff)
	}
}

func TestParseReadsEveryKey(t *testing.T) {
	env := map[string]string{"DB_URL": "postgres://db/fraud"}
	got := parse(t, string(read(t, "full.yaml")), env)

	legacy := &config.PluginConfig{
		Name:    "legacy-headers",
		Runtime: config.Text{Value: config.JSVM},
		Source:  config.Text{Value: "etc/middleware/headers.js"},
		Entry:   config.Text{Value: "addHeaders"},
		Limits:  abi.Limits{Timeout: 40 * time.Millisecond, Memory: 8 << 20, MaxBody: 512 << 10},
		Breaker: breaker(),
	}
	tenant := &config.PluginConfig{
		Name:      "tenant",
		Runtime:   config.Text{Value: config.Wasm},
		Source:    config.Text{Value: "/plugins/tenant.wasm"},
		SHA256:    config.Text{Value: strings.Repeat("9f2c", 16)},
		Limits:    abi.Limits{Timeout: 20 * time.Millisecond, Memory: 32 << 20, MaxBody: 2e6},
		Breaker:   breaker(),
		Instances: abi.Instances{Mode: abi.Pooled, Max: 64},
		Grants: abi.Grants{
			KV:   []string{"tenant:*"},
			HTTP: []string{"https://idp.internal/*", "https://other.internal/*"},
			Env:  []string{"REGION"},
		},
		Config: []byte(`{"issuer":"https://idp.internal","ages":[1,-2,2.5,true,null],"":{"z":"a\"<","a":{}}}`),
	}
	fraud := &config.PluginConfig{
		Name:     "fraud",
		Runtime:  config.Text{Value: config.Process},
		Entry:    config.Text{Value: "fraud-score"},
		Limits:   abi.Limits{Timeout: 200 * time.Millisecond, Memory: 8 << 20, MaxBody: 512 << 10},
		Breaker:  breaker(),
		FailOpen: true,
		Retry:    true,
		Extractor: &config.ExtractorConfig{
			From: config.FromForm, With: config.WithRegexp, Name: "user", Regexp: regexp.MustCompile("k-[^,]*"), Match: 1,
		},
	}
	several := &config.PluginConfig{
		Name:    "several",
		Runtime: config.Text{Value: config.JSVM},
		Source:  config.Text{Value: "etc/a.js"},
		Sources: []config.Text{{Value: "etc/a.js"}, {Value: "/b.js"}, {Value: "etc/a.js"}},
		Preload: config.Text{Value: "etc/tyk.js"},
		Entry:   config.Text{Value: "several"},
		Limits:  legacy.Limits,
		Breaker: breaker(),
		Lenient: true,
	}
	keys := &config.PluginConfig{
		Name:    "keys",
		Runtime: config.Text{Value: config.Builtin},
		Entry:   config.Text{Value: "key-auth"},
		Limits:  legacy.Limits,
	}
	orders := &config.APIConfig{
		Name: "orders", ID: "o1", OrgID: "acme",
		Match: config.Match{Host: "api.example.com", Path: "/orders/", Strip: true, KeepEncoded: true},
		Upstream: &config.UpstreamConfig{
			URL:            config.Text{Value: "http://127.0.0.1:9000/v1"},
			Timeout:        2 * time.Second,
			ConnectTimeout: time.Second,
			MaxConnections: 64,
			RewriteHost:    true,
		},
		Config: []byte(`{"tier":"gold"}`),
	}
	orders.Hooks[abi.Pre] = []config.Binding{{Plugin: legacy}, {Plugin: tenant}}
	orders.Hooks[abi.Auth] = []config.Binding{{Plugin: tenant}}
	orders.Hooks[abi.PostKeyAuth] = []config.Binding{{Plugin: legacy}}
	orders.Hooks[abi.RateLimit] = []config.Binding{{Plugin: keys}}
	orders.Hooks[abi.Post] = []config.Binding{{Plugin: fraud}}
	orders.Hooks[abi.Virtual] = []config.Binding{{Plugin: tenant, Path: "/orders/echo", Method: "POST"}}
	orders.Hooks[abi.Response] = []config.Binding{{Plugin: legacy}}
	orders.Hooks[abi.Event] = []config.Binding{{Plugin: fraud}}
	pages := &config.APIConfig{Name: "pages", ID: "pages", Match: config.Match{Path: "/pages"}}
	pages.Hooks[abi.Virtual] = []config.Binding{{Plugin: legacy, Path: "/pages"}}

	old := &config.APIConfig{
		Name: "old", ID: "o1", Match: config.Match{Path: "/orders/"}, Internal: true, Tyk: true,
		Exempt: []config.ExemptPattern{{Path: regexp.MustCompile("^/health$"), Method: "GET"}, {Path: regexp.MustCompile("/open/")}},
	}
	old.Hooks[abi.Virtual] = []config.Binding{{Plugin: legacy, Path: "/orders/"}, {Plugin: several, Pattern: regexp.MustCompile("^/items/[0-9]+$"), Method: "GET"}}
	old.Hooks[abi.Event] = []config.Binding{
		{Plugin: fraud}, {Plugin: several, Events: []string{"AuthFailure", "KeyExpired"}}, {Plugin: legacy, Events: []string{"VersionFailure"}},
	}

	want := &config.Config{
		File:   "etc/sallyport.yaml",
		Listen: config.Text{Value: "127.0.0.1:8443"},
		TLS:    &config.TLS{Cert: config.Text{Value: "etc/tls/cert.pem"}, Key: config.Text{Value: "etc/tls/key.pem"}},
		Admin: &config.Admin{
			Listen: config.Text{Value: "127.0.0.1:9901"}, Token: "0123456789abcdef", Hosts: []string{"gw.internal"},
		},
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Store:   config.StoreConfig{URL: config.Text{Value: "memory:"}, Keys: config.Text{Value: "etc/keys.json"}, HashKeys: true, MasterKeys: true},
		Limits:  config.ClientLimits{Header: 32 << 10, URI: 4096, Connections: 1000, BodyMemory: 64 << 20, BodyRate: 250},
		Timeouts: config.Timeouts{
			ReadHeader: time.Second,
			ReadBody:   2 * time.Second,
			Body:       2 * time.Minute,
			Write:      3 * time.Second,
			Idle:       4 * time.Second,
			Shutdown:   90 * time.Second,
			Drain:      10 * time.Minute,
			DrainDelay: 5 * time.Second,
		},
		Coproc: &config.Coproc{
			Command:      []config.Text{{Value: "python3"}, {Value: "plugins/fraud.py"}, {Value: ""}},
			Dir:          config.Text{Value: "etc/plugins"},
			Env:          map[string]string{"DB_URL": "postgres://db/fraud", "PRICE": "$5"},
			StartTimeout: 5 * time.Second,
			MaxInFlight:  64,
			MaxMessage:   4 << 20,
			StopStart:    true,
			Sandbox: &config.Sandbox{
				User: "61234", Memory: 256 << 20, Files: 64, Processes: 32,
				Read:  []config.Text{{Value: "etc/data"}},
				Write: []config.Text{{Value: "/var/lib/fraud"}},
				Exec:  []config.Text{{Value: "/bin/true"}},
				TCP:   []int{443, 5432}, UDP: true, Unix: true, Cgroup: "/sys/fs/cgroup/sallyport", Required: true,
			},
		},
		Plugins: []*config.PluginConfig{legacy, tenant, fraud, several, keys},
		APIs:    []*config.APIConfig{orders, pages, old},
	}
	if diff := cmp.Diff(want, got, ignorePlaces); diff != "" {
		t.Errorf("Parse() (-want +got):\n%s", diff)
	}
}

func TestParseKeepsPlaces(t *testing.T) {
	c := parse(t, string(read(t, "full.yaml")), map[string]string{"DB_URL": "x"})
	at := func(p config.Pos) string {
		line := strings.Split(string(read(t, "full.yaml")), "\n")[p.Line-1]
		return string([]rune(line)[p.Column-1:])
	}
	for name, place := range map[string]struct {
		pos  config.Pos
		want string
	}{
		"listen":   {c.Listen.Pos, `"127.0.0.1:8443"`},
		"coproc":   {c.Coproc.Pos, `coproc:`},
		"command":  {c.Coproc.Command[1].Pos, `"plugins/fraud.py"`},
		"plugin":   {c.Plugins[1].Pos, `tenant:`},
		"source":   {c.Plugins[1].Source.Pos, `/plugins/tenant.wasm`},
		"api":      {c.APIs[0].Pos, `orders`},
		"match":    {c.APIs[0].Match.Pos, `/orders/`},
		"upstream": {c.APIs[0].Upstream.URL.Pos, `"http://127.0.0.1:9000/v1"`},
		"binding":  {c.APIs[0].Hooks[abi.Pre][1].Pos, `tenant]`},
		"virtual":  {c.APIs[0].Hooks[abi.Virtual][0].Pos, `tenant }`},
	} {
		if got := at(place.pos); !strings.HasPrefix(got, place.want) {
			t.Errorf("place of %s is before %q, want %q", name, got, place.want)
		}
	}
}

func TestLoadResolvesAgainstTheFolderOfTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	source := write("a.js", "")
	file := write("sallyport.yaml", "version: 1\nplugins: { a: { runtime: jsvm, source: a.js, entry: a } }\n")

	c, err := config.Load(file, nil)
	if err != nil {
		t.Fatalf("Load() = %v", err)
	}
	if got := c.Plugin("a").Source.Value; got != source {
		t.Errorf("source = %q, want %q", got, source)
	}
	if c.Plugin("b") != nil {
		t.Error("Plugin() found a plugin that is not there")
	}
}

func TestLoadReportsAFileThatIsNotThere(t *testing.T) {
	_, err := config.Load("testdata/nowhere.yaml", nil)
	want := "testdata/nowhere.yaml: cannot be read: no such file or directory. name the configuration with -c"
	if err == nil || err.Error() != want {
		t.Errorf("Load() = %v, want %s", err, want)
	}
}

func TestProblemsAreSortedByPlace(t *testing.T) {
	ps := config.Problems{{File: "f", Line: 2, Column: 1}, {File: "f", Line: 1, Column: 9}, {File: "f", Line: 1, Column: 2}}
	want := config.Problems{{File: "f", Line: 1, Column: 2}, {File: "f", Line: 1, Column: 9}, {File: "f", Line: 2, Column: 1}}
	if diff := cmp.Diff(want, ps.Sort()); diff != "" {
		t.Errorf("Sort() (-want +got):\n%s", diff)
	}
}

func TestProblemfReportsLikeTheChecker(t *testing.T) {
	c := parse(t, "version: 1\n", nil)
	p := c.Problemf(config.Pos{File: "f", Line: 3, Column: 5}, "remove it", "plugin %s: %v", "a", errors.New("bad magic"))
	if got, want := p.String(), "f:3:5: plugin a: bad magic. remove it"; got != want {
		t.Errorf("Problemf() = %q, want %q", got, want)
	}
}

// breaker is what plugins have unless the file says otherwise.
func breaker() *config.BreakerSettings {
	return &config.BreakerSettings{Timeouts: 5, Window: 10 * time.Second, Pause: time.Second, MaxPause: 30 * time.Second}
}
