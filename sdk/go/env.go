package sallyport

// Env returns an environment value of the gateway that the configuration of
// the plugin names: allow: { env: ["REGION"] }. It is nil if the value is not
// set, or was not granted. A plugin that uses it needs a grant.
func (x *Exchange) Env(name string) Value {
	n := hostEnvGet(&x.host, name, x.free())
	if x.tooSmall(n) {
		n = hostEnvGet(&x.host, name, x.free())
	}
	return x.take(n)
}
