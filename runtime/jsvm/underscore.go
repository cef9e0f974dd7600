package jsvm

import "github.com/robertkrimen/otto/underscore"

// underscoreText is the source of underscore. Importing its package makes
// otto load it into every VM, which multiplies the cost of a copy by 17, so
// that is switched off before any VM can exist. It is never written again.
var underscoreText = func() string {
	underscore.Disable()
	return underscore.Source()
}()
