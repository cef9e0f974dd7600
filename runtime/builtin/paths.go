package builtin

import (
	"bytes"
	"cmp"
	"regexp"
	"sync"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// paths turns away requests by their path.
type paths struct {
	base
	form                 form
	ignore, block, allow []endpoint
}

// endpoint is a path, as a regular expression, and a method; an empty one
// stands for all.
type endpoint struct {
	Path   string `json:"path"`
	Method string `json:"method"`

	path *regexp.Regexp
}

func loadPaths(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	var cfg struct {
		Ignore []endpoint `json:"ignore"`
		Block  []endpoint `json:"block"`
		Allow  []endpoint `json:"allow"`
		Reply  string     `json:"reply"`
	}
	if err := decode(s, &cfg, "ignore", "block", "allow", "reply"); err != nil {
		return nil, err
	}
	f, err := r.formOf(cfg.Reply)
	if err := cmp.Or(err, compile("ignore", cfg.Ignore), compile("block", cfg.Block), compile("allow", cfg.Allow)); err != nil {
		return nil, err
	}
	return &paths{form: f, ignore: cfg.Ignore, block: cfg.Block, allow: cfg.Allow}, nil
}

// compile reads the expressions of a list.
func compile(key string, list []endpoint) error {
	for i := range list {
		e := &list[i]
		if e.Path == "" {
			return refuse("%s[%d] has no path", key, i)
		}
		var err error
		if e.path, err = regexp.Compile(e.Path); err != nil {
			return refuse("%s[%d]: %w", key, i, err)
		}
	}
	return nil
}

// Declares implements [abi.Plugin].
func (*paths) Declares() abi.Declaration { return abi.Declaration{Hooks: abi.SetOf(abi.Pre)} }

// versionMessage is that of the event for a path or version that is not served.
const versionMessage = "Attempted access to disallowed version / path."

// Why a path is not served.
var pathForbidden = refusal{
	"path_forbidden", 403, "path is not allowed",
	abi.VersionFailure, versionMessage, "Requested endpoint is forbidden",
}

// Call implements [abi.Plugin]. What is ignored is neither blocked nor has to
// be allowed; what is blocked cannot be allowed.
func (p *paths) Call(x *abi.Exchange) (abi.Verdict, error) {
	path := cleanPath(x)
	if anyOf(p.ignore, x, path) {
		return abi.Continue, nil
	}
	if anyOf(p.block, x, path) || len(p.allow) > 0 && !anyOf(p.allow, x, path) {
		return p.form.refuse(x, &pathForbidden, nil)
	}
	return abi.Continue, nil
}

func anyOf(list []endpoint, x *abi.Exchange, path []byte) bool {
	for i := range list {
		e := &list[i]
		if (e.Method == "" || e.Method == string(x.Request.Method)) && urlpath.Match(e.path, path, x.API.ListenPath) {
			return true
		}
	}
	return false
}

// cleanPath returns the path of the request as an upstream will understand it.
func cleanPath(x *abi.Exchange) []byte {
	path, _, _ := bytes.Cut(x.Request.URI, []byte{'?'})
	if len(path) == 0 || path[0] != '/' {
		return path
	}
	return urlpath.Clean(path, nil)
}

// maxExpressions bounds what an expressions keeps: sessions bring them along.
const maxExpressions = 1024

// expressions keeps regular expressions that become known with requests. The
// zero value is ready to use, by many goroutines.
type expressions struct {
	// mu protects the field below.
	mu   sync.RWMutex
	kept map[string]*regexp.Regexp
}

// get returns nil for text that is no expression.
func (e *expressions) get(text string) *regexp.Regexp {
	e.mu.RLock()
	re, ok := e.kept[text]
	e.mu.RUnlock()
	if ok {
		return re
	}
	re, err := regexp.Compile(text)
	if err != nil {
		re = nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept == nil || len(e.kept) >= maxExpressions {
		e.kept = map[string]*regexp.Regexp{}
	}
	e.kept[text] = re
	return re
}
