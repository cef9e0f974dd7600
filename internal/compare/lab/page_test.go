package lab_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/browsertest"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/proxy/chain"
)

// busyLab returns the address of a lab of a gateway with traffic and faults.
func busyLab(t *testing.T) string {
	t.Helper()
	n := 0
	c := gateway(t, func() error {
		if n++; n%7 == 0 {
			return abi.Errorf(abi.Timeout, "tenant.wasm: the deadline has passed")
		}
		return nil
	})
	l, url := serve(t, lab.Config{
		Chains: func() []*chain.Chain { return []*chain.Chain{c} }, Interval: 50 * time.Millisecond, Version: "1.2",
		Injector: injector{func(context.Context, string, string) (lab.InjectionOutcome, error) {
			return lab.InjectionOutcome{Status: 504, Answered: 101.5, Neighbours: 40, Slowest: 3.25, Served: 0.4, Verdict: "contained", Reason: "Nobody else noticed."}, nil
		}},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			var x abi.Exchange
			if _, err := c.HandleRequest(&x); err != nil {
				l.Observe(lab.FaultRecord{RequestID: "r", API: "orders", Plugin: "tenant", Model: "wasm", Hook: "pre", Kind: "timeout", Status: 504, Message: err.Error()})
			}
			time.Sleep(2 * time.Millisecond) // traffic, not a wait for anything
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return url + "/lab/"
}

func TestThePageShowsLiveFigures(t *testing.T) {
	p := browsertest.Open(t)
	p.Resize(1280)
	p.Go(busyLab(t))
	p.Wait(`document.querySelector("#chart canvas") && document.querySelectorAll("#faults tr").length > 3`)
	p.Wait(`document.querySelector("#models td:nth-child(2)")?.textContent !== "0"`)
	if text := p.Text("#link"); text != "live" {
		t.Errorf("the link is %q, want live", text)
	}
	if text := p.Text("#chains"); !strings.Contains(text, "orders") || !strings.Contains(text, "tenant") {
		t.Errorf("the chains are %q", text)
	}
	for _, width := range []int64{1280, 360} {
		if n := p.Resize(width); n > 0 {
			t.Errorf("at %d pixels the page is %d too wide", width, n)
		}
		p.Picture(fmt.Sprintf("lab-%d", width))
	}
	p.Resize(1280)
	p.Dark()
	p.Picture("lab-1280-dark")
	if errs := p.Errors(); len(errs) > 0 {
		t.Errorf("console: %q", errs)
	}
}

func TestAFaultIsInjectedByKeyboard(t *testing.T) {
	p := browsertest.Open(t)
	p.Go(busyLab(t))
	const button = `[data-attack="wasm/hang"]`
	p.Wait("document.querySelector('" + button + "')")
	p.Press(button, "\r")
	p.Wait(`document.querySelector("#outcome.contained")`)
	text := p.Text("#outcome")
	for _, want := range []string{"Endless loop in wasm: contained", "504 after 101.5 ms", "all 40 were answered", "Nobody else noticed."} {
		if !strings.Contains(text, want) {
			t.Errorf("the outcome is %q, want %q in it", text, want)
		}
	}
	p.Wait(`document.activeElement.dataset.attack === "wasm/hang"`)
	if errs := p.Errors(); len(errs) > 0 {
		t.Errorf("console: %q", errs)
	}
}

func TestThePageSaysThatAnInjectionFailed(t *testing.T) {
	_, url := serve(t, lab.Config{Injector: injector{func(context.Context, string, string) (lab.InjectionOutcome, error) {
		return lab.InjectionOutcome{}, errors.New("the <b>gateway</b> is gone")
	}}})
	p := browsertest.Open(t)
	p.Go(url + "/lab/")
	p.Wait(`document.querySelector("#attacks button")`)
	p.Click("#attacks button")
	p.Wait(`document.querySelector("#outcome.escaped")`)
	if text := p.Text("#outcome"); !strings.Contains(text, "the <b>gateway</b> is gone") {
		t.Errorf("the outcome is %q", text)
	}
}
