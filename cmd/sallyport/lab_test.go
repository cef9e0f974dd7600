package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/browsertest"
	"github.com/c386954a/sallyport/internal/faults"
	"github.com/c386954a/sallyport/internal/lab"
)

// labDemo runs the demo with its lab until the end of the test.
func labDemo(t *testing.T) *demo {
	t.Helper()
	logger := zerolog.Nop()
	d, err := startDemo(t.Context(), demoOptions{listen: "127.0.0.1:0", admin: "127.0.0.1:0"}, &logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// TestTheLabShowsAContainedFault is what a person does: open the page, see
// figures come in, press a button, read what became of it.
func TestTheLabShowsAContainedFault(t *testing.T) {
	p := browsertest.Open(t)
	d := labDemo(t)
	p.Resize(1280)
	p.Go(d.labURL)
	p.Wait(`document.querySelector("#chart canvas") && document.querySelectorAll("#models tr").length >= 3`)
	p.Wait(`[...document.querySelectorAll("#models tr")].every((row) => row.classList.contains("builtin") || Number(row.cells[1].textContent) > 0 || row.cells[0].textContent === "builtin")`)
	for _, tt := range []struct{ model, fault, title, got string }{
		{faults.Wasm, "hang", "endless loop in wasm: contained", "504 after"},
		{faults.Process, "crash", "crash in coproc: ", "500 after"},
	} {
		button := `[data-attack="` + tt.model + "/" + tt.fault + `"]`
		p.Press(button, "\r")
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
	d.mustAnswer(t)
	if errs := p.Errors(); len(errs) > 0 {
		t.Errorf("console: %q", errs)
	}
}

// mustAnswer checks that the gateway still serves what the faults were not in.
func (d *demo) mustAnswer(t *testing.T) {
	t.Helper()
	for _, api := range []string{"jsvm", "wasm"} {
		status := 0
		for deadline := time.Now().Add(10 * time.Second); status != http.StatusOK && time.Now().Before(deadline); {
			status = statusOf(t, d.url+"/"+api+"/x")
		}
		if status != http.StatusOK {
			t.Errorf("%s answers %d after the faults, want 200", api, status)
		}
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
		done <- newApp().execute(ctx, streams{strings.NewReader(""), &out, &stderr}, []string{"run", "--lab", "-c", file, "--log-level", "error"})
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

func injectInto(t *testing.T, page, model, fault string) (o lab.Outcome) {
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
