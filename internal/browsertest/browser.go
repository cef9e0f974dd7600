// Package browsertest looks at pages as people do: it opens them in headless
// Chromium, reads the console and takes pictures. Only tests use it.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/c386954a/sallyport/internal/needs"
)

// names are those under which Chromium is installed.
var names = [...]string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Page is one tab. Its methods fail the test on any error.
type Page struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp keeps a tab in its context

	mu     sync.Mutex // protects errors
	errors []string
}

// Open starts a browser with one tab, which is closed after the test. Without
// Chromium the test is skipped, or fails where nothing may skip.
func Open(t testing.TB) *Page {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute) // longer than the test, to close
	ctx, closeBrowser := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find(t)), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))...)
	ctx, closeTab := chromedp.NewContext(ctx)
	p := &Page{t: t, ctx: ctx}
	var reading sync.WaitGroup
	messages := chromedp.Console(ctx)
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			p.read(m)
		}
	})
	t.Cleanup(func() {
		closeTab()
		closeBrowser()
		reading.Wait()
		stop()
	})
	return p
}

// find returns the path of Chromium.
func find(t testing.TB) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	needs.Missing(t, "needs Chromium: apt-get install chromium")
	return ""
}

func (p *Page) read(m chromedp.ConsoleMessage) {
	switch m.Type {
	case chromedp.ConsoleError, chromedp.ConsoleWarning, chromedp.ConsoleException:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errors = append(p.errors, m.String()+" "+m.URL)
	default: // a page may say what it likes
	}
}

// Errors returns what was thrown or written to the console as an error or a
// warning so far; what a policy of the page has blocked is among it.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.errors...)
}

// Do runs browser actions in the tab.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatalf("%v; console: %q", err, p.Errors())
	}
}

// run runs one action and returns its value.
func run[T any](p *Page, action chromedp.Action[T]) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatalf("%v; console: %q", err, p.Errors())
	}
	return v
}

// Go opens an address.
func (p *Page) Go(url string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(url))
}

// Wait waits until a JavaScript expression is true.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	run(p, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(30*time.Second)))
}

// Text returns the text of the first element that a CSS selector finds.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return run(p, chromedp.Text(chromedp.CSS(selector)))
}

// Press gives an element the focus and presses a key.
func (p *Page) Press(selector, key string) {
	p.t.Helper()
	p.Do(chromedp.Focus(chromedp.CSS(selector)), chromedp.KeyEvent(key))
}

// Click clicks the first element that a CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Dark shows the page as to somebody who likes it dark.
func (p *Page) Dark() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// Resize sets the width of the window in CSS pixels and returns by how many
// the page is wider.
func (p *Page) Resize(width int64) (overflow int) {
	p.t.Helper()
	p.Do(chromedp.EmulateViewport(width, 900))
	return run(p, chromedp.Evaluate[int]("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
}

// Picture takes a picture of the whole page. It is kept in the folder that
// SALLYPORT_PICTURES names, if there is one, for a person to look at.
func (p *Page) Picture(name string) []byte {
	p.t.Helper()
	p.Do(chromedp.Sleep(200 * time.Millisecond)) // what is drawn after a resize
	png := run(p, chromedp.FullScreenshot(100))
	if dir := os.Getenv("SALLYPORT_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	return png
}
