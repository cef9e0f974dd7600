// Package artifact reads the files that plugins are made of: bounded in size,
// and compared with the digest that the configuration names before anything
// looks into them.
package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Read returns the content of a file, which must not be larger than limit
// bytes and must have the sha256 that is wanted, if that is not empty. Errors
// do not name the file, because most callers do.
func Read(name string, limit int64, want string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return nil, withoutPath(err)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if err := unchanged(name, before, int64(len(data)), limit); err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("larger than %d bytes", limit)
	}
	if err := Verify(data, want); err != nil {
		return nil, err
	}
	return data, nil
}

// errChanging is returned for a file that somebody is writing.
var errChanging = errors.New("it changed while it was read: write a new file beside it and rename that, then try again")

// unchanged reports a file that was not the same, from before it was read to
// afterwards: half of a plugin must not be loaded.
func unchanged(name string, before fs.FileInfo, read, limit int64) error {
	after, err := os.Stat(name)
	if err != nil {
		return errChanging
	}
	same := os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
	if !same || before.Mode().IsRegular() && read <= limit && read != before.Size() {
		return errChanging
	}
	return nil
}

func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Verify compares data with the sha256 that is wanted. An empty one allows
// everything.
func Verify(data []byte, want string) error {
	if want == "" {
		return nil
	}
	if got := Digest(data); !strings.EqualFold(got, want) {
		return fmt.Errorf("sha256 is %s, want %s", got, strings.ToLower(want))
	}
	return nil
}

// Digest returns the sha256 of data in hexadecimal digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
