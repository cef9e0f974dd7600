package builtin

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// Where the name of a version may be.
const (
	versionInHeader = "header"
	versionInQuery  = "query"
	versionInPath   = "path"
)

// version sends a request on to the internal API that is the version it asks
// for.
type version struct {
	base
	form     form
	location string
	place    place
	strip    bool
	fallback bool
	standard *target // nil if a version must be asked for
	targets  map[string]*target
}

// target is one version.
type target struct {
	api     []byte
	expires time.Time // zero means never
}

// versionConfig is the configuration of version.
type versionConfig struct {
	Location string            `json:"location"` // header, query or path
	Key      string            `json:"key"`      // of the header field or parameter
	Strip    bool              `json:"strip"`    // the version does not see its name
	Versions map[string]string `json:"versions"` // names of internal APIs
	Default  string            `json:"default"`  // without a version
	Fallback bool              `json:"fallback"` // the default also for one that is not known
	Expires  map[string]string `json:"expires"`  // RFC 3339
	Reply    string            `json:"reply"`
}

func loadVersion(r *Runtime, s abi.Spec) (abi.Plugin, error) {
	var cfg versionConfig
	if err := decode(s, &cfg, "location", "key", "strip", "versions", "default", "fallback", "expires", "reply"); err != nil {
		return nil, err
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	v := &version{location: cfg.Location, strip: cfg.Strip, fallback: cfg.Fallback, targets: map[string]*target{}}
	switch cfg.Location {
	case versionInHeader:
		v.place.header = []byte(cfg.Key)
	case versionInQuery:
		v.place.query = []byte(cfg.Key)
	}
	for name, api := range cfg.Versions {
		v.targets[name] = &target{api: []byte(api)}
	}
	v.standard = v.targets[cfg.Default]
	if err := v.expire(cfg.Expires); err != nil {
		return nil, err
	}
	var err error
	v.form, err = r.formOf(cfg.Reply)
	return v, err
}

func (cfg *versionConfig) check() error {
	names := slices.Sorted(maps.Keys(cfg.Versions))
	locations := []string{versionInHeader, versionInQuery, versionInPath}
	switch {
	case !slices.Contains(locations, cfg.Location):
		return refuse("location %q%s; there are header, query, path", cfg.Location, hint(cfg.Location, locations))
	case cfg.Location == versionInPath && cfg.Key != "":
		return refuse("key does not apply to location path")
	case cfg.Location != versionInPath && cfg.Key == "":
		return refuse("key must name the %s that holds the version", cfg.Location)
	case cfg.Location == versionInHeader && !abi.ValidName([]byte(cfg.Key)):
		return refuse("key %q is not a valid header name", cfg.Key)
	case len(names) == 0:
		return refuse("versions is empty")
	case cfg.Default != "" && cfg.Versions[cfg.Default] == "":
		return refuse("default %q is not one of versions%s", cfg.Default, hint(cfg.Default, names))
	case cfg.Fallback && cfg.Default == "":
		return refuse("fallback needs a default")
	}
	for _, name := range names {
		if !abi.ValidDispatch([]byte(cfg.Versions[name])) {
			return refuse("version %q: %q is not the name of an api", name, cfg.Versions[name])
		}
	}
	return nil
}

func (v *version) expire(expires map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(expires)) {
		t := v.targets[name]
		if t == nil {
			return refuse("expires: %q is not one of versions", name)
		}
		var err error
		if t.expires, err = time.Parse(time.RFC3339, expires[name]); err != nil {
			return refuse("expires of %q must be a time such as 2030-12-31T00:00:00Z, not %q", name, expires[name])
		}
	}
	return nil
}

// Declares implements [abi.Plugin].
func (*version) Declares() abi.Declaration { return abi.Declaration{Hooks: abi.SetOf(abi.Pre)} }

// Why a version is not served.
var (
	versionMissing = refusal{
		"version_missing", 403, "request names no version of the api",
		abi.VersionFailure, versionMessage, "Version information not found",
	}
	versionUnknown = refusal{
		"version_unknown", 403, "there is no such version of the api",
		abi.VersionFailure, versionMessage, "This API version does not seem to exist",
	}
	versionExpired = refusal{
		"version_expired", 403, "this version of the api has expired",
		abi.VersionFailure, versionMessage, "Api Version has expired, please check documentation or contact administrator",
	}
)

// Call implements [abi.Plugin]. It allocates only to strip the name of the
// version.
func (v *version) Call(x *abi.Exchange) (abi.Verdict, error) {
	name := v.find(x)
	t, known := v.targets[string(name)]
	named := len(name) > 0 && known
	switch {
	case named:
	case len(name) == 0 && v.standard == nil:
		return v.form.refuse(x, &versionMissing, nil)
	case len(name) == 0 || v.fallback:
		t = v.standard
	default:
		return v.form.refuse(x, &versionUnknown, nil)
	}
	if !t.expires.IsZero() && !time.Now().Before(t.expires) {
		return v.form.refuse(x, &versionExpired, nil)
	}
	if v.strip && named {
		if err := v.cut(x, name); err != nil {
			return abi.Respond, err
		}
	}
	return abi.Continue, x.Dispatch(t.api)
}

// find returns the name of the version, or nothing.
func (v *version) find(x *abi.Exchange) []byte {
	switch v.location {
	case versionInHeader:
		name, _ := x.Request.Header.Get(v.place.header)
		return bytes.TrimSpace(name)
	case versionInQuery:
		return v.place.inQuery(x.Request.URI)
	}
	below := bytes.TrimLeft(urlpath.Below(cleanPath(x), x.API.ListenPath), "/")
	name, _, _ := bytes.Cut(below, []byte{'/'})
	return name
}

// cut takes the name of the version out of the request.
func (v *version) cut(x *abi.Exchange, name []byte) error {
	if v.location != versionInPath {
		return v.place.strip(x)
	}
	path, query, has := bytes.Cut(x.Request.URI, []byte{'?'})
	listen := []byte(strings.TrimSuffix(x.API.ListenPath, "/"))
	below := bytes.TrimLeft(bytes.TrimPrefix(path, listen), "/")
	segment, rest, _ := bytes.Cut(below, []byte{'/'})
	if !bytes.HasPrefix(path, listen) || !bytes.Equal(segment, name) {
		return nil // an odd spelling stays: the version sees all of it
	}
	uri := append(append(bytes.Clone(listen), '/'), rest...)
	if has {
		uri = append(append(uri, '?'), query...)
	}
	return x.SetURI(uri)
}
