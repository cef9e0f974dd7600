package config

// Bounds of the memory of the external process.
const (
	minProcessMemory = 32 << 20
	maxProcessMemory = 1 << 40
)

// Sandbox says what the external process may do. Paths are resolved.
type Sandbox struct {
	User string // empty: one of its own if the gateway is root

	Memory    int64 // bytes
	Files     int
	Processes int // 0: the sandbox chooses

	Read, Write, Exec []Text
	TCP               []int // ports
	UDP, Unix         bool

	Cgroup   string // empty: what the service manager has delegated, if anything
	Required bool   // do not start unless all of it can be enforced
}

// sandbox reads the sandbox of the process, which has one unless it says
// otherwise.
func (f *fields) sandbox() *Sandbox {
	m := f.in("sandbox")
	defer m.done()
	s := &Sandbox{
		User:      m.text("user", "").Value,
		Memory:    m.size("memory", 1<<30, minProcessMemory, maxProcessMemory),
		Files:     m.count("files", 1024, 16),
		Processes: m.count("processes", 0, 1),
		Read:      m.paths("read"), Write: m.paths("write"), Exec: m.paths("exec"),
		TCP: m.ports("tcp"), UDP: m.flag("udp", false), Unix: m.flag("unix", false),
		Cgroup: m.text("cgroup", "").Value, Required: m.flag("required", false),
	}
	if !m.flag("enabled", true) {
		return nil
	}
	return s
}

// paths returns a list of paths; one alone may stand without the list.
func (f *fields) paths(key string) []Text {
	all := f.texts(key)
	for i, t := range all {
		all[i] = f.path(t)
	}
	return all
}

// ports returns a list of port numbers.
func (f *fields) ports(key string) []int {
	n := f.take(key)
	if n == nil || !f.want(n, label(key), list) {
		return nil
	}
	var ports []int
	for _, item := range n.items {
		switch {
		case !f.want(item, "an entry of "+label(key), integer):
		case item.int < 1 || item.int > 65535:
			f.problemf(item.pos, "", "an entry of %s must be from 1 to 65535, not %s", label(key), quote(item.raw))
		default:
			ports = append(ports, int(item.int))
		}
	}
	return ports
}
