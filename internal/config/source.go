package config

import (
	"regexp"
	"strings"
)

const sourceHint = "name the file of the plugin"

// scripts reads the file of a plugin, or the files of a script made of
// several.
func (f *fields) scripts(p *PluginConfig) {
	digest := f.digest()
	files := f.sources(p.Runtime.Value)
	if len(files) == 0 {
		return
	}
	p.Source, p.SHA256 = files[0], digest
	if len(files) == 1 {
		return
	}
	p.Sources = files
	if digest.Value != "" {
		f.problemf(f.keyPos("sha256"), "remove it, or put the scripts into one file", "%s stands for one file, not for %d",
			label("sha256"), len(files))
	}
	for _, t := range files {
		if p.Runtime.Value == Wasm && !strings.HasSuffix(t.Value, ".js") {
			f.problemf(t.Pos, "give the plugin one module, or scripts only", "only scripts can be listed: %s is none",
				quote(f.env.mask(t.Value)))
		}
	}
}

// sources returns the resolved paths under source: one string or a list.
func (f *fields) sources(runtime string) []Text {
	if runtime == "" && !f.has("source") {
		f.take("source")
		return nil
	}
	if e := f.entry("source"); e == nil || e.value.kind != list {
		return []Text{f.path(f.need("source", sourceHint))}
	}
	files := f.paths("source")
	if n := f.entry("source").value; len(n.items) == 0 {
		f.problemf(n.pos, sourceHint, "%s is empty", label("source"))
	}
	return files
}

var hexDigest = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func (f *fields) digest() Text {
	t := f.text("sha256", "")
	if e := f.entry("sha256"); e != nil && e.value.kind == text && !hexDigest.MatchString(t.Value) {
		f.problemf(t.Pos, "`sha256sum FILE` prints it", "%s must have 64 hexadecimal digits, not %d characters",
			label("sha256"), len(e.value.raw))
	}
	t.Value = strings.ToLower(t.Value)
	return t
}
