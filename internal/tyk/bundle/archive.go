package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpack writes the entries of a zip file into dir, which it makes. Names are
// checked first, and the files are written through an [os.Root] besides.
func (l *bundleLoader) unpack(data []byte, dir string) error {
	files, err := l.entries(data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := l.config.maxBytes()
	for _, f := range files {
		n, err := extract(root, f, left)
		if err != nil {
			return fmt.Errorf("entry %q: %w", f.Name, err)
		}
		if left -= n; left < 0 {
			return fmt.Errorf("its files are larger than %d bytes together", l.config.maxBytes())
		}
	}
	return nil
}

// entries lists the zip file and checks every name in it.
func (l *bundleLoader) entries(data []byte) ([]*zip.File, error) {
	// The reader makes a record for each header it finds, and it would find
	// more than a million in the largest file.
	if n := bytes.Count(data, []byte("PK\x01\x02")); n > 4*l.config.maxEntries() {
		return nil, l.tooMany()
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("not a zip file: %w", err)
	}
	if len(r.File) > l.config.maxEntries() {
		return nil, l.tooMany()
	}
	seen := make(map[string]bool)
	for _, f := range r.File {
		if err := checkEntry(f, seen); err != nil {
			return nil, fmt.Errorf("entry %q: %w", f.Name, err)
		}
	}
	return r.File, nil
}

func (l *bundleLoader) tooMany() error {
	return fmt.Errorf("it has more than %d entries", l.config.maxEntries())
}

func checkEntry(f *zip.File, seen map[string]bool) error {
	name := f.Name
	switch {
	case name == "" || strings.ContainsAny(name, "\\:\x00"):
		return errors.New("the name is empty or has a backslash, a colon or a NUL in it")
	case strings.HasPrefix(name, "/"):
		return errors.New("the name is absolute")
	case hasDotDot(name):
		return errors.New("the name has .. in it")
	case !f.Mode().IsRegular() && !f.Mode().IsDir():
		return errors.New("it is neither a file nor a folder")
	}
	clean := path.Clean(name)
	if seen[clean] && !f.Mode().IsDir() {
		return errors.New("it is there twice")
	}
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return errors.New("the name leaves the folder")
	}
	seen[clean] = true
	return nil
}

func hasDotDot(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element == ".." {
			return true
		}
	}
	return false
}

// extract writes one entry and returns how many bytes it has written: at most
// one more than left. What the zip file says of its sizes is not believed.
func extract(root *os.Root, f *zip.File, left int64) (int64, error) {
	name := path.Clean(f.Name)
	if f.Mode().IsDir() {
		return 0, root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return 0, err
	}
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return 0, errors.New("it is there twice, once as a folder")
	}
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(out, io.LimitReader(in, left+1))
	return n, errors.Join(err, out.Close())
}
