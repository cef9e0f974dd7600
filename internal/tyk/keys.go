package tyk

import (
	"fmt"
	"path/filepath"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// keyLimits are members of a session that bound what its key opens and that
// are not looked at here.
var keyLimits = [...]string{
	"apply_policies", "apply_policy_id", "certificate", "mtls_static_certificate_bindings",
	"hmac_enabled", "enable_http_signature_validation",
}

// rightLimits are those of an entry of access_rights.
var rightLimits = [...]string{"limit", "endpoints", "restricted_types", "allowed_types", "field_access_rights", "disable_introspection"}

// readKeys looks at keys.json for what would make a key open more here. The
// gateway itself reads the file when it starts.
func (i *importer) readKeys() {
	file := filepath.Join(i.dir, "keys.json")
	if !exists(file) {
		return
	}
	v, err := i.parse(file)
	if err != nil {
		i.problem(err)
		return
	}
	if v.Kind != document.List {
		i.problemf(v.Pos, "keys must be a list of objects with key and session, not %s", v.Kind)
		return
	}
	for _, item := range v.Items {
		i.checkSession(item.Get("session"))
	}
}

func (i *importer) checkSession(session *document.Value) {
	for _, key := range keyLimits {
		i.limitOf(session.Get(key), key)
	}
	rights := session.Get("access_rights")
	if rights == nil {
		return
	}
	for _, m := range rights.Members {
		for _, key := range rightLimits {
			i.limitOf(m.Value.Get(key), key)
		}
	}
}

// limitOf refuses a limit that asks for something, unless it is waived.
func (i *importer) limitOf(v *document.Value, key string) {
	if !v.Empty() && !i.waives(key) {
		i.problemf(v.Pos, "%s is not supported; without it the key would open more%s", key, waiveHint(key))
	}
}

func (i *importer) problemf(pos document.Pos, format string, args ...any) {
	i.problems = append(i.problems, document.Problem{Pos: pos, Text: fmt.Sprintf(format, args...)})
}
