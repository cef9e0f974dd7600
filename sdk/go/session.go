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
