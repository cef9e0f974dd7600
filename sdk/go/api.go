package sallyport

// The scopes of configuration.
const (
	scopePlugin uint32 = iota
	scopeAPI
)

// API is what a plugin may know of the API the request was routed to.
type API struct{ x *Exchange }

// ID returns the identifier of the API.
func (a API) ID() Value { return a.part(0) }

// Name returns the name of the API.
func (a API) Name() Value { return a.part(1) }

// OrgID returns the organisation the API belongs to.
func (a API) OrgID() Value { return a.part(2) }

// ListenPath returns the path under which the API is reached.
func (a API) ListenPath() Value { return a.part(3) }

// Config returns one member of the API's config data, as [Exchange.Config]
// does for the plugin's.
func (a API) Config(name string) Value { return a.x.config(scopeAPI, name) }

func (a API) part(part uint32) Value {
	n := hostAPIGet(&a.x.host, part, a.x.free())
	if a.x.tooSmall(n) {
		n = hostAPIGet(&a.x.host, part, a.x.free())
	}
	return a.x.take(n)
}

// Notice is what an event hook is told.
type Notice struct{ x *Exchange }

// Name returns what happened, for instance "AuthFailure".
func (o Notice) Name() Value { return o.part(0) }

// Data returns the details as a JSON object.
func (o Notice) Data() Value { return o.part(1) }

func (o Notice) part(part uint32) Value {
	n := hostNoticeGet(&o.x.host, part, o.x.free())
	if o.x.tooSmall(n) {
		n = hostNoticeGet(&o.x.host, part, o.x.free())
	}
	return o.x.take(n)
}
