package archtest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const thirdPartyList = "docs/THIRD_PARTY.md"

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

	// foreignName matches the names of files that are compiled, minified or a
	// licence; notice matches what licences want in the head of a file.
	foreignName = regexp.MustCompile(`\.min\.(js|css)$|\.(wasm|wasm\.gz|a|o|so|jar|woff2?)$|^(LICENSE|COPYING|NOTICE)`)
	notice      = regexp.MustCompile(`(?i)copyright \(c\)|copyright \d|\(c\) (19|20)\d\d|@licen[s]e|SPDX-Licen[s]e`)
)

// TestThirdPartyFilesAreListed checks the tables of docs/THIRD_PARTY.md
// against the tree in both directions.
func TestThirdPartyFilesAreListed(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, thirdPartyList))
	if err != nil {
		t.Fatal(err)
	}
	listed := []string{"LICENSE"}
	for _, row := range listedFiles(string(text)) {
		listed = append(listed, row[0])
		checkRow(t, root, row)
	}
	if len(listed) < 2 {
		t.Fatalf("%s lists nothing", thirdPartyList)
	}
	for _, name := range foreignFiles(t, root) {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not ours, or not a source, and %s does not list it", name, thirdPartyList)
		}
	}
}

// listedFiles returns what is quoted in each row of the tables, of which the
// first is the file.
func listedFiles(text string) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		var row []string
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			row = append(row, m[1])
		}
		rows = append(rows, row)
	}
	return rows
}

// checkRow compares a file with its checksum, and looks for the licences,
// sources and scripts that its row names by their paths.
func checkRow(t *testing.T, root string, row []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(row[0])))
	if err != nil {
		t.Errorf("%s: %v", thirdPartyList, err)
		return
	}
	sum := sha256.Sum256(data)
	for _, word := range row[1:] {
		switch {
		case digest.MatchString(word):
			if got := hex.EncodeToString(sum[:]); got != word {
				t.Errorf("%s has the sha256 %s, %s says %s", row[0], got, thirdPartyList, word)
			}
		case strings.Contains(word, "/"):
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(word))); err != nil {
				t.Errorf("%s: %v", thirdPartyList, err)
			}
		}
	}
}

// foreignFiles returns the files that may not be ours by their name or head.
func foreignFiles(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains(unversioned, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		foreign, err := isForeign(p)
		if foreign {
			found = append(found, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unversioned are the names of folders that .gitignore leaves out.
var unversioned = []string{"node_modules", "bin", "dist", "build", "__pycache__"}

func isForeign(file string) (bool, error) {
	if foreignName.MatchString(path.Base(filepath.ToSlash(file))) {
		return true, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 4<<10))
	return notice.Match(head), err
}
