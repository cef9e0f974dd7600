//go:build !race

// The external process of the lab is this program, which does not fit into its
// memory limit under the race detector.

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/browsertest"
	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/compare/lab"
)

// labDemo runs the demo as a process of its own, so that the browser is not
// taken for one of its plugins, and returns its addresses.
func labDemo(t *testing.T) (gateway, page string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil && cmd.ProcessState.ExitCode() != exitInterrupted {
			t.Errorf("the demo ended with %v:\n%s", err, out.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		text := out.String()
		if found := demoLines.FindStringSubmatch(text); found != nil {
			return found[1], found[2]
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the demo ended:\n%s", out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("the demo does not say where it is:\n%s", out.String())
	return "", ""
}

var demoLines = regexp.MustCompile(`gateway +(\S+)\nlab +(\S+)`)

// TestTheLabShowsAContainedFault is what a person does: open the page, see
// figures come in, press a button, read what became of it.
func TestTheLabShowsAContainedFault(t *testing.T) {
	p := browsertest.Open(t)
	gateway, page := labDemo(t)
	p.Resize(1280)
	p.Go(page)
	p.Wait(`document.querySelector("#chart canvas") && document.querySelectorAll("#models tr").length >= 3`)
	p.Wait(`[...document.querySelectorAll("#models tr")].every((row) => row.cells[0].textContent === "builtin" || Number(row.cells[1].textContent) > 0)`)
	for _, tt := range []struct{ model, fault, title, got string }{
		{faults.Wasm, "hang", "endless loop in wasm: contained", "got 504 after"},
		{faults.Process, "crash", "crash in coproc: (contained|degraded)", " after "},
	} {
		p.Press(`[data-attack="`+tt.model+"/"+tt.fault+`"]`, "\r")
		p.Wait(`/` + tt.title + `/.test(document.querySelector("#outcome strong")?.textContent)`)
		text := p.Text("#outcome")
		if !strings.Contains(text, tt.got) {
			t.Errorf("%s in %s: the page says %q, want %q in it", tt.fault, tt.model, text, tt.got)
		}
		if tt.model == faults.Wasm && !strings.Contains(text, "were answered") {
			t.Errorf("%s in %s: the page says %q, want that all others were answered", tt.fault, tt.model, text)
		}
		p.Wait(`[...document.querySelectorAll("#faults tr")].some((row) => row.cells[1].textContent === "lab-` + tt.model + "-" + tt.fault + `")`)
		p.Picture("lab-" + tt.model)
	}
	for _, api := range []string{"jsvm", "wasm", "coproc"} {
		mustAnswer(t, gateway+"/"+api+"/x")
	}
	if errs := p.Errors(); len(errs) > 0 {
		t.Errorf("console: %q", errs)
	}
}

// mustAnswer checks that an API serves after the faults, soon.
func mustAnswer(t *testing.T, url string) {
	t.Helper()
	status := 0
	for deadline := time.Now().Add(10 * time.Second); status != http.StatusOK && time.Now().Before(deadline); {
		status = statusOf(t, url)
	}
	if status != http.StatusOK {
		t.Errorf("%s answers %d after the faults, want 200", url, status)
	}
}

func statusOf(t *testing.T, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer acme.4711")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// runLab runs `run --lab` on a configuration and returns the address of the
// page, or how it ended.
func runLab(t *testing.T, text string) (page, errs string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var out, stderr lockedBuffer
	done := make(chan int, 1)
	go func() {
		done <- newProgram().execute(ctx, streams{strings.NewReader(""), &out, &stderr}, []string{"run", "--lab", "-c", file, "--log-level", "error"})
	}()
	ended := false
	t.Cleanup(func() {
		cancel()
		if !ended {
			<-done
		}
	})
	for {
		_, after, ok := strings.Cut(out.String(), "isolation lab: ")
		if line, _, whole := strings.Cut(after, "\n"); ok && whole {
			return line, ""
		}
		select {
		case <-done:
			ended = true
			return "", stderr.String()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

const labUpstream = "upstream: { url: \"http://127.0.0.1:9\" }"

func TestRunWithLabInjects(t *testing.T) {
	page, errs := runLab(t, `version: 1
listen: "127.0.0.1:0"
admin: { listen: "127.0.0.1:0" }
apis:
  - { name: mine, match: { path: /mine/ }, `+labUpstream+` }
`)
	if errs != "" {
		t.Fatal(errs)
	}
	if o := injectInto(t, page, "wasm", "stack-bomb"); o.Status != http.StatusInternalServerError || o.Verdict == "" || o.Neighbours == 0 {
		t.Errorf("outcome %+v, want 500, a verdict and neighbours", o)
	}
}

func injectInto(t *testing.T, page, model, fault string) (o lab.InjectionOutcome) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page+"inject", strings.NewReader(`{"model": "`+model+`", "fault": "`+fault+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Sallyport-Lab", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRunWithLabNeedsAPlaceForThePage(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no admin", "version: 1\napis:\n  - { name: a, match: { path: / }, " + labUpstream + " }\n", "--lab needs a listener for its page: add `admin"},
		{"path taken", "version: 1\nlisten: \"127.0.0.1:0\"\nadmin: { listen: \"127.0.0.1:0\" }\napis:\n  - { name: a, match: { path: /lab/native/ }, " + labUpstream + " }\n", "paths below /lab/ are those of the lab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, errs := runLab(t, tt.text); !strings.Contains(errs, tt.want) {
				t.Errorf("ended with %q, want %q in it", errs, tt.want)
			}
		})
	}
}
