package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// TLS names the files with which the gateway serves HTTPS. Paths are resolved.
type TLS struct {
	Cert, Key Text
}

// Admin is the listener for health, status and metrics.
type Admin struct {
	Listen Text     // HOST:PORT, :PORT or unix:PATH
	Token  string   // must be shown; empty means that none is asked for
	Hosts  []string // names that clients may call it by, besides addresses and localhost
}

// StoreConfig is where sessions and counters live.
type StoreConfig struct {
	URL  Text // "memory:"
	Keys Text // resolved path of a JSON file with keys to begin with; may be empty

	// HashKeys keeps the names of keys out of sessions and counters.
	HashKeys bool
	// MasterKeys lets scripts store sessions without access rights, which open
	// every API.
	MasterKeys bool
}

// ClientLimits bound what clients may send.
type ClientLimits struct {
	Header      int64 // bytes of a request's header
	URI         int64 // bytes of a request's target
	Connections int   // at one time; 0 means no limit
	BodyMemory  int64 // bytes of all buffered bodies
	BodyRate    int   // bytes of a request's body per second at least; 0 means no limit
}

// Timeouts bound how long clients may take. None but Body and DrainDelay is
// zero.
type Timeouts struct {
	ReadHeader time.Duration // until the whole header has come
	ReadBody   time.Duration // without a byte of the body
	Body       time.Duration // of waiting for the whole body; may be zero for no limit
	Write      time.Duration // without progress of the reply
	Idle       time.Duration // between requests
	Shutdown   time.Duration // for requests in flight when the gateway stops
	Drain      time.Duration // for requests in flight on what a reload has replaced
	DrainDelay time.Duration // between not being ready and the end of listening; may be zero
}

// Coproc is the one external process.
type Coproc struct {
	Pos          Pos // of its key
	Command      []Text
	Dir          Text              // resolved; the folder of the file unless configured
	Env          map[string]string // its whole environment
	StartTimeout time.Duration
	MaxInFlight  int   // calls
	MaxMessage   int64 // bytes of one frame

	StopStart bool     // reload: stop_start; a reload never runs two processes
	Sandbox   *Sandbox // nil: enabled: false
}

func (f *fields) tls() *TLS {
	m := f.in("tls")
	if m.absent() {
		return nil
	}
	defer m.done()
	return &TLS{
		Cert: m.path(m.need("cert", "TLS needs a certificate and its key")),
		Key:  m.path(m.need("key", "TLS needs a certificate and its key")),
	}
}

func (f *fields) admin() *Admin {
	m := f.in("admin")
	if m.absent() {
		return nil
	}
	defer m.done()
	if !m.has("listen") {
		m.missing("listen", "write for example `127.0.0.1:9901`")
	}
	return &Admin{Listen: m.socket("listen"), Token: m.token("token"), Hosts: m.strings("hosts")}
}

// socket returns an address to listen on that may be a unix socket.
func (f *fields) socket(key string) Text {
	e := f.entry(key)
	if e == nil || e.value.kind != text || !strings.HasPrefix(e.value.text, "unix:") {
		return f.address(key, "")
	}
	t := f.text(key, "")
	path := strings.TrimPrefix(t.Value, "unix:")
	if path == "" {
		f.problemf(t.Pos, "write for example `unix:/run/sallyport/admin.sock`", "%s names no file", label(key))
	}
	t.Value = "unix:" + f.reader.path(Text{path, t.Pos}).Value
	return t
}

// minToken is the shortest token: it must not be guessed.
const minToken = 16

// token returns a secret of its own, which messages do not show.
func (f *fields) token(key string) string {
	if !f.has(key) {
		return ""
	}
	t := f.need(key, "remove the key, or write `${ADMIN_TOKEN}` and set that")
	if t.Value != "" && len(t.Value) < minToken {
		f.problemf(t.Pos, "make one with `openssl rand -hex 32`", "%s has %d characters, and at least %d are needed", label(key), len(t.Value), minToken)
	}
	return t.Value
}

// networks returns the networks of a list of addresses and CIDR prefixes.
func (f *fields) networks(key string) (all []netip.Prefix) {
	for _, t := range f.texts(key) {
		p, err := netip.ParsePrefix(t.Value)
		if a, aerr := netip.ParseAddr(t.Value); aerr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			f.problemf(t.Pos, "write for example `10.0.0.0/8` or `192.0.2.7`", "an entry of %s must be an address or a CIDR prefix, not %s", label(key), quote(t.Value))
		case p != p.Masked():
			f.problemf(t.Pos, "did you mean `"+p.Masked().String()+"`?", "%s in %s has bits outside of its prefix", quote(t.Value), label(key))
		default:
			all = append(all, p)
		}
	}
	return all
}

func (f *fields) store() StoreConfig {
	m := f.in("store")
	defer m.done()
	s := StoreConfig{
		URL: m.text("url", "memory:"), Keys: m.path(m.text("keys", "")),
		HashKeys: m.flag("hash_keys", false), MasterKeys: m.flag("master_keys", false),
	}
	if e := m.entry("url"); e != nil {
		m.storeURL(e.value)
	}
	return s
}

// storeURL checks the URL of the store. Other stores than memory are designed
// and documented, and come later.
func (f *fields) storeURL(n *node) {
	if n.kind != text || n.text == "memory:" {
		return
	}
	scheme, _, _ := strings.Cut(n.text, ":")
	switch scheme {
	case "file", "redis", "rediss":
		f.problemf(n.pos, "write `memory:`", "%s stores are not available in this version", scheme)
	default:
		f.problemf(n.pos, suggest(n.raw, []string{"memory:"}), "%s must be `memory:`, not %s", label("url"), quote(n.raw))
	}
}

func (f *fields) limits() ClientLimits {
	m := f.in("limits")
	defer m.done()
	return ClientLimits{
		Header:      m.size("header", 16<<10, 256, 1<<20),
		URI:         m.size("uri", 8<<10, 256, 1<<20),
		Connections: m.count("connections", 0, 0),
		BodyMemory:  m.size("body_memory", 256<<20, 64<<10, 1<<40),
		BodyRate:    m.count("body_rate", 100, 0),
	}
}

func (f *fields) timeouts() Timeouts {
	m := f.in("timeouts")
	defer m.done()
	return Timeouts{
		ReadHeader: m.duration("read_header", 10*time.Second),
		ReadBody:   m.duration("read_body", 30*time.Second),
		Body:       m.duration("body", 0),
		Write:      m.duration("write", 30*time.Second),
		Idle:       m.duration("idle", 60*time.Second),
		Shutdown:   m.duration("shutdown", 20*time.Second),
		Drain:      m.duration("drain", 5*time.Minute),
		DrainDelay: m.duration("drain_delay", 0),
	}
}

func (f *fields) coproc() *Coproc {
	m := f.in("coproc")
	if m.absent() {
		return nil
	}
	defer m.done()
	return &Coproc{
		Pos:          m.pos,
		Command:      m.command(),
		Dir:          m.path(m.text("dir", ".")),
		Env:          m.environment("env"),
		StartTimeout: m.duration("start_timeout", 10*time.Second),
		MaxInFlight:  m.count("max_in_flight", 256, 1),
		MaxMessage:   m.size("max_message", 8<<20, 4<<10, 1<<30),
		StopStart:    m.choice("reload", "overlap", "overlap", "stop_start") == "stop_start",
		Sandbox:      m.sandbox(),
	}
}

// command reads the program and its arguments, which may be empty strings.
func (f *fields) command() []Text {
	const hint = "write the program and its arguments as a list: `[\"python3\", \"plugins/fraud.py\"]`"
	n := f.require("command", hint)
	if n == nil || !f.want(n, label("command"), list) {
		return nil
	}
	var words []Text
	for _, item := range n.items {
		if f.want(item, "an entry of "+label("command"), text) {
			words = append(words, Text{item.text, item.pos})
		}
	}
	if len(n.items) == 0 || len(words) > 0 && words[0].Value == "" {
		f.problemf(n.pos, hint, "%s names no program", label("command"))
	}
	return words
}

// environment reads a mapping of strings.
func (f *fields) environment(key string) map[string]string {
	n := f.take(key)
	if n == nil || !f.want(n, label(key), mapping) {
		return nil
	}
	env := make(map[string]string, len(n.entries))
	for _, e := range n.entries {
		if e.key == "" || strings.ContainsAny(e.key, "=\x00") {
			f.problemf(e.pos, "", "%s is not the name of an environment variable", quote(e.key))
		}
		if f.want(e.value, label(e.key), text) {
			env[e.key] = e.value.text
		}
	}
	return env
}

// address returns an address to listen on, HOST:PORT or :PORT.
func (f *fields) address(key, def string) Text {
	n := f.take(key)
	if n == nil {
		return Text{def, f.pos}
	}
	if !f.want(n, label(key), text) {
		return Text{def, n.pos}
	}
	if !validAddress(n.text) {
		f.problemf(n.pos, addressHint(n.raw), "%s must be HOST:PORT or :PORT, not %s", label(key), quote(n.raw))
	}
	return Text{n.text, n.pos}
}

func validAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, " /@") {
		return false
	}
	return validPort(port)
}

func validPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

func addressHint(raw string) string {
	switch {
	case strings.Contains(raw, "$"):
	case validPort(raw):
		return "did you mean `:" + raw + "`?"
	case validAddress(raw + ":8080"):
		return "did you mean `" + raw + ":8080`?"
	}
	return "ports are numbers from 0 to 65535"
}
