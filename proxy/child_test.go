package proxy_test

// child returns what the test binary does when it is started as a helper
// process, or nil.
func child(name string) func() {
	return children[name]
}

var children = map[string]func(){}
