package sandbox

import (
	"bufio"
	"bytes"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// confinedProgram is what has to be readable and executable for a command to start.
type confinedProgram struct {
	path  string   // absolute, not resolved
	start []string // it and its interpreters
	base  []string // where their libraries and scripts are
	arg   string   // the script as the command names it; may be empty

	script bool // the program itself is one
}

// findProgram looks a command up as the gateway would, from the given working
// folder.
func findProgram(argv []string, dir, path string) (*confinedProgram, error) {
	name, err := lookUp(argv[0], dir)
	if err != nil {
		return nil, err
	}
	p := &confinedProgram{path: name}
	p.follow(name, path, 0)
	p.argument(argv[1:], dir)
	p.base = append(p.base, p.start...)
	return p, nil
}

// lookUp finds a program. Of those with a plain name it passes over scripts:
// version managers put shell scripts before the real programs, and those
// could not start anything from within the sandbox.
func lookUp(name, dir string) (string, error) {
	if strings.Contains(name, "/") {
		return absolute(name, dir)
	}
	first, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		file := filepath.Join(folder, name)
		if found, err := exec.LookPath(file); err == nil && filepath.IsAbs(found) && len(shebang(found)) == 0 {
			return found, nil
		}
	}
	return absolute(first, "")
}

func absolute(name, dir string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	return filepath.Abs(name)
}

// maxInterpreters is how many interpreters may stand behind each other, as in
// the kernel.
const maxInterpreters = 4

// follow adds a program and what is needed to run it.
func (p *confinedProgram) follow(name, path string, depth int) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil || depth > maxInterpreters {
		return
	}
	p.start = append(p.start, real)
	p.installation(name)
	p.installation(real)
	if words := shebang(real); len(words) > 0 {
		p.script = true
		p.base = append(p.base, filepath.Dir(real))
		p.follow(words[0], path, depth+1)
		if filepath.Base(words[0]) == "env" {
			p.follow(find(lastWord(words), path), path, depth+1)
		}
		return
	}
	if loader := loaderOf(real); loader != "" {
		p.follow(loader, path, depth+1)
	}
}

// installation adds the libraries of a program that is installed in a folder
// of its own: PREFIX/bin beside PREFIX/lib.
func (p *confinedProgram) installation(name string) {
	bin := filepath.Dir(name)
	if filepath.Base(bin) != "bin" {
		return
	}
	prefix := filepath.Dir(bin)
	for _, part := range []string{"lib", "lib64", "share", "pyvenv.cfg"} {
		p.base = append(p.base, filepath.Join(prefix, part))
	}
}

// argument adds the first argument that is a file, for most commands are an
// interpreter and its script; and what lies beside it if that is in the
// working folder. Nobody wants to grant a whole /etc for a file of it.
func (p *confinedProgram) argument(args []string, dir string) {
	i := slices.IndexFunc(args, func(arg string) bool { return isFile(arg, dir) })
	if i < 0 {
		return
	}
	file, _ := absolute(args[i], dir) // isFile has done the same
	p.arg = args[i]
	p.base = append(p.base, file)
	if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
		p.base = append(p.base, filepath.Dir(file))
	}
}

func isFile(arg, dir string) bool {
	if strings.HasPrefix(arg, "-") {
		return false
	}
	file, err := absolute(arg, dir)
	if err != nil {
		return false
	}
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// shebang returns the words after #! of a script.
func shebang(name string) []string {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	line, _ := bufio.NewReader(io.LimitReader(f, 256)).ReadBytes('\n')
	rest, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return nil
	}
	return strings.Fields(string(rest))
}

func lastWord(words []string) string {
	i := slices.IndexFunc(words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") })
	if i < 0 {
		return ""
	}
	return words[1+i]
}

// find looks a name up in the path that the program will have.
func find(name, path string) string {
	for _, folder := range filepath.SplitList(path) {
		file := filepath.Join(folder, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// loaderOf returns the dynamic loader a program names.
func loaderOf(name string) string {
	f, err := elf.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, part := range f.Progs {
		if part.Type != elf.PT_INTERP {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part.Open(), 4096))
		if err != nil {
			return ""
		}
		return string(bytes.TrimRight(b, "\x00"))
	}
	return ""
}

// baseFiles are what programs read before anything of their own: libraries,
// the resolver's and TLS's configuration, time zones. There are no programs
// among them.
func baseFiles() []string {
	files := []string{
		"/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64",
		"/usr/share",
		"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone", "/etc/os-release",
		"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
		"/etc/protocols",
		"/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf",
		"/etc/pki/ca-trust/extracted", "/etc/crypto-policies", "/nix/store",
		"/dev/urandom", "/dev/random", "/dev/zero",
	}
	for _, pattern := range []string{"/etc/python3*", "/etc/ld-musl-*.path"} {
		found, _ := filepath.Glob(pattern) // the pattern is sound
		files = append(files, found...)
	}
	return files
}
