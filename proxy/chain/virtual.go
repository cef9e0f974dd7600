package chain

import (
	"regexp"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// Virtual binds a plugin to some paths below the API, in place of the
// upstream. The first that matches counts.
type Virtual struct {
	Method string // empty means any
	// Path is compared with the path of the request, listen path included,
	// in all its spellings; see package urlpath. With a slash at its end it
	// stands for everything below it.
	Path string
	// Pattern, if not nil, takes the place of Path. It is looked for in the
	// path below the listen path, then in the whole path.
	Pattern *regexp.Regexp
	Step    *Step

	below string // Path below the listen path, as loops ask for it
}

// setVirtuals takes over the virtual plugins.
func (c *Chain) setVirtuals(virtuals []Virtual) {
	c.virtuals = append([]Virtual(nil), virtuals...)
	c.steps[abi.Virtual] = nil
	for i := range c.virtuals {
		v := &c.virtuals[i]
		c.steps[abi.Virtual] = append(c.steps[abi.Virtual], v.Step)
		if v.Pattern == nil {
			v.below = string(urlpath.Below([]byte(v.Path), c.api.ListenPath))
		}
	}
}

// virtual returns the plugin bound to the request's path, if there is one.
func (c *Chain) virtual(x *abi.Exchange) []*Step {
	if len(c.virtuals) == 0 {
		return nil
	}
	path := urlpath.Clean(pathOf(x.Request.URI), nil)
	for i := range c.virtuals {
		if c.virtuals[i].matches(x, path, c.api.ListenPath) {
			return c.steps[abi.Virtual][i : i+1]
		}
	}
	return nil
}

func (v *Virtual) matches(x *abi.Exchange, path []byte, listen string) bool {
	switch {
	case v.Method != "" && v.Method != string(x.Request.Method):
		return false
	case v.Pattern != nil:
		return urlpath.Match(v.Pattern, path, listen)
	case matchesPath(v.Path, path):
		return true
	}
	return x.Loop.Depth > 0 && matchesPath(v.below, path)
}

// matchesPath compares a path, or what is below one that ends with a slash.
func matchesPath(want string, path []byte) bool {
	if strings.HasSuffix(want, "/") {
		return len(path) >= len(want) && string(path[:len(want)]) == want
	}
	return want == string(path)
}

// pathOf returns the target without its query.
func pathOf(uri []byte) []byte {
	for i, b := range uri {
		if b == '?' {
			return uri[:i]
		}
	}
	return uri
}
