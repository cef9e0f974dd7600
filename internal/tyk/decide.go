package tyk

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/source"
	"github.com/c386954a/sallyport/internal/tyk/write"
)

// scriptMemory is what an imported plugin may use. Tyk has no such limit: this
// is wide enough for what its users send through scripts.
const scriptMemory = "128MiB"

// Decide says what becomes of a tree at a time, before which APIs may have
// expired. It touches no file. With problems, the decisions are not complete,
// but their report is.
func Decide(t *source.Tree, c Config, now time.Time) (*Decisions, document.Mistakes) {
	i := &importer{
		Config: c, tree: t, settings: &t.Settings, now: now,
		out:   &Decisions{Version: 1, Origins: map[string]string{}, Report: &ImportReport{Dir: c.Dir}},
		taken: takenNames{names: usedNames{}, routes: map[string]string{}, ids: map[string]string{}}, waived: map[string]bool{},
	}
	i.checkSettings()
	i.checkKeys()
	for n := range t.APIs {
		i.decideAPI(&t.APIs[n])
	}
	i.checkServed()
	i.checkTree()
	i.unusedWaivers()
	i.gateway()
	return i.out, i.problems
}

// importer is one call of Decide.
type importer struct {
	Config
	tree     *source.Tree
	settings *source.GatewaySettings
	now      time.Time

	out      *Decisions
	problems document.Mistakes
	refused  []error // of APIs, with Config.SkipUnsupported
	waived   map[string]bool
	taken    takenNames
	process  bool // something is bound to the external process
}

// takenNames is what an API cannot have because another one has it.
type takenNames struct {
	names  usedNames
	routes map[string]string // host and path → file
	ids    map[string]string // api id → file
}

func (i *importer) checkSettings() {
	s := i.settings
	if s.Err != nil {
		i.problem(s.Err)
	}
	for _, n := range s.Notes {
		if n.Opens && !i.waives(n.Key) {
			i.problemf(n.Pos, "%s %s%s", n.Path, n.Text, waiveHint(n.Key))
			continue
		}
		i.out.Report.Settings = append(i.out.Report.Settings, n)
	}
	if p := &i.tree.Preload; errors.Is(p.Err, fs.ErrNotExist) {
		i.out.Report.Settings = append(i.out.Report.Settings, document.Note{
			Pos: s.Root.Get("tyk_js_path").Pos, Path: "tyk_js_path", Key: "tyk_js_path",
			Text: "is left out: there is no " + i.tree.Shown(p.File),
		})
	}
	if s.Err == nil && s.Server.UseSSL && len(s.Server.Certificates) != 1 {
		i.problemf(
			s.Root.At("http_server_options", "use_ssl").Pos,
			"http_server_options.use_ssl needs exactly one entry in certificates, with cert_file and key_file",
		)
	}
}

// refuse keeps why an API cannot be imported: it fails the import, unless there
// are others that can be served.
func (i *importer) refuse(err error) {
	if i.SkipUnsupported {
		i.refused = append(i.refused, err)
		return
	}
	i.problem(err)
}

// checkServed fails an import of which nothing would be left.
func (i *importer) checkServed() {
	if len(i.out.APIs) > 0 {
		return
	}
	for _, err := range i.refused {
		i.problem(err)
	}
}

// checkTree says why there is no API.
func (i *importer) checkTree() {
	if i.tree.Err != nil {
		i.problem(i.tree.Err)
	} else if len(i.tree.APIs) == 0 && len(i.problems) == 0 {
		i.problemf(document.Position{File: i.tree.AppDir()}, "there are no API definitions here (*.json)")
	}
}

// sessionLimits are members of a session that bound what its key opens and that
// the gateway does not look at; rightLimits are those of an entry of
// access_rights.
var (
	sessionLimits = [...]string{
		"apply_policies", "apply_policy_id", "certificate", "mtls_static_certificate_bindings",
		"hmac_enabled", "enable_http_signature_validation",
	}
	rightLimits = [...]string{
		"limit", "endpoints", "restricted_types", "allowed_types", "field_access_rights", "disable_introspection",
	}
)

// checkKeys looks at keys.json for what would make a key open more here. The
// gateway itself reads the file when it starts.
func (i *importer) checkKeys() {
	list := i.tree.Keys.List
	switch {
	case i.tree.Keys.Err != nil:
		i.problem(i.tree.Keys.Err)
		return
	case list == nil:
		return
	case list.Kind != document.List:
		i.problemf(list.Pos, "keys must be a list of objects with key and session, not %s", list.Kind)
		return
	}
	for _, item := range list.Items {
		session := item.Get("session")
		for _, key := range sessionLimits {
			i.checkLimit(session.Get(key), key)
		}
		rights := session.Get("access_rights")
		if rights == nil {
			continue
		}
		for _, m := range rights.Members {
			for _, key := range rightLimits {
				i.checkLimit(m.Value.Get(key), key)
			}
		}
	}
}

// checkLimit refuses a limit that asks for something, unless it is waived.
func (i *importer) checkLimit(v *document.Value, key string) {
	if !v.Empty() && !i.waives(key) {
		i.problemf(v.Pos, "%s is not supported; without it the key would open more%s", key, waiveHint(key))
	}
}

func (i *importer) problemf(pos document.Position, format string, args ...any) {
	i.problems = append(i.problems, document.Mistake{Pos: pos, Text: fmt.Sprintf(format, args...)})
}

// problem adds an error of reading.
func (i *importer) problem(err error) {
	if all, ok := err.(document.Mistakes); ok { //nolint:errorlint // never wrapped
		i.problems = append(i.problems, all...)
		return
	}
	i.problemf(document.Position{File: i.Dir}, "%v", err)
}

// waives reports whether the key may be ignored, and remembers that it was.
func (i *importer) waives(key string) bool {
	if !slices.Contains(i.Waive, key) {
		return false
	}
	i.waived[key] = true
	return true
}

func waiveHint(key string) string {
	return fmt.Sprintf("; --waive %s imports it all the same", strings.ReplaceAll(key, " ", ""))
}

// unusedWaivers notes waivers of keys that nothing was refused for: they may
// be misspelled.
func (i *importer) unusedWaivers() {
	for _, key := range i.Waive {
		if !i.waived[key] {
			i.out.Report.Settings = append(i.out.Report.Settings, document.Note{
				Pos: document.Position{File: i.Dir}, Path: key, Text: "is waived, and no API needs that",
			})
		}
	}
}

// path returns how the configuration names a file.
func (i *importer) path(file string) string {
	if !source.Under(i.Base, file) && !source.Under(i.tree.Root, file) {
		return filepath.ToSlash(file)
	}
	rel, err := filepath.Rel(i.Base, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}

// gateway decides what is outside of plugins and APIs.
func (i *importer) gateway() {
	s, d := i.settings, i.out
	d.Heading = i.heading()
	d.Listen = i.listen()
	if certificates := s.Server.Certificates; s.Server.UseSSL && len(certificates) > 0 {
		d.TLS = &tlsFiles{
			Cert: i.path(i.tree.Resolve(i.tree.Root, certificates[0].CertFile)),
			Key:  i.path(i.tree.Resolve(i.tree.Root, certificates[0].KeyFile)),
		}
	}
	d.Timeouts = ioTimeouts{ReadBody: seconds(s.Server.ReadTimeout), Write: seconds(s.Server.WriteTimeout)}
	d.Store = keyStore{HashKeys: s.HashKeys, MasterKeys: s.MasterKeys}
	if i.tree.Keys.File != "" {
		d.Store.Keys = i.path(i.tree.Keys.File)
	}
	d.Defaults = pluginDefault{Timeout: seconds(s.JSVMTimeout), Memory: scriptMemory, MaxBody: s.Server.MaxBody}
	if i.process {
		d.Process = i.processCommand()
		d.ProcessHint = "The process that has the handlers of Tyk's plugins in other languages: see docs/PLUGINS.md."
	}
}

func (i *importer) heading() write.Comment {
	lines := []string{
		"Imported from the Tyk files in " + filepath.ToSlash(i.Dir) + ". The report of `sallyport migrate tyk` says",
		"what could not be carried over.",
	}
	for _, n := range i.out.Report.Settings {
		if !n.Harmless {
			lines = append(lines, "- "+n.Pos.File+": "+n.Path+" "+n.Text)
		}
	}
	return write.Comment(strings.Join(lines, "\n"))
}

func (i *importer) processCommand() *processCommand {
	p := &processCommand{Command: i.Process}
	if len(i.Process) == 0 {
		p.Command = []string{"your-plugins"}
	}
	if frame := max(i.settings.Coprocess.RecvMax, i.settings.Coprocess.SendMax); frame > 0 {
		p.MaxMessage = min(max(frame, 4<<10), 1<<30)
	}
	return p
}

// listen returns the address: that of the command line, or of tyk.conf.
func (i *importer) listen() string {
	s := i.settings
	switch {
	case i.Listen != "":
		return i.Listen
	case s.ListenPort > 0 || s.ListenAddress != "":
		port := s.ListenPort
		if port == 0 {
			port = 8080
		}
		return net.JoinHostPort(s.ListenAddress, strconv.Itoa(port))
	}
	return ":8080"
}

func seconds(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<32)) * time.Second }
