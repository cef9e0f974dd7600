package sallyport

// Meta holds values that plugins of one request leave for later ones.
type Meta struct{ x *Exchange }

// Get returns a value, or nil.
func (m Meta) Get(name string) Value {
	n := hostMetaGet(&m.x.host, name, m.x.free())
	if m.x.tooSmall(n) {
		n = hostMetaGet(&m.x.host, name, m.x.free())
	}
	return m.x.take(n)
}

// Set leaves a value.
func (m Meta) Set(name, value string) error {
	return check(hostMetaSet(&m.x.host, name, value))
}

// Session is what the gateway knows of the caller behind a credential.
type Session struct{ x *Exchange }

// Get returns one field of the session by its JSON name, for instance
// "key_id", "alias" or "rate": strings as their text, everything else as
// JSON. The empty name is the whole session. It is nil without a session.
func (s Session) Get(name string) Value {
	n := hostSessionGet(&s.x.host, name, s.x.free())
	if s.x.tooSmall(n) {
		n = hostSessionGet(&s.x.host, name, s.x.free())
	}
	return s.x.take(n)
}

// Set sets the session from its JSON form; auth hook only.
func (s Session) Set(json string) error { return check(hostSessionSet(&s.x.host, json)) }

// Metadata returns one value of the session's metadata: strings as their
// text, everything else as JSON. The empty name is the whole object.
func (s Session) Metadata(name string) Value {
	n := hostMetadataGet(&s.x.host, name, s.x.free())
	if s.x.tooSmall(n) {
		n = hostMetadataGet(&s.x.host, name, s.x.free())
	}
	return s.x.take(n)
}

// SetMetadata replaces the metadata by a JSON object.
func (s Session) SetMetadata(json string) error {
	return check(hostMetadataSet(&s.x.host, json))
}

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
