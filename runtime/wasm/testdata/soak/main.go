// Command soak is a guest that does to its own state whatever a Go program
// can do, and reports what it finds left of earlier requests.
package main

import (
	"runtime"
	"strconv"
	"time"

	sallyport "github.com/c386954a/sallyport/sdk/go"
)

// What a request leaves behind.
var (
	count   int
	secrets = map[string]string{}
	list    []string
	grown   [][]byte
	done    chan string
)

//go:wasmexport sallyport_pre
func pre() sallyport.Verdict { return sallyport.Run(soak) }

//go:wasmexport sallyport_post
func post() sallyport.Verdict { return sallyport.Run(nothing) }

func nothing(*sallyport.Exchange) sallyport.Verdict { return sallyport.Continue }

// soak tells what is left in X-Left, keeps X-Secret in as many ways as there
// are, and then does what X-Do says.
func soak(x *sallyport.Exchange) sallyport.Verdict {
	h := x.Request.Header
	if err := h.Set("X-Left", left()); err != nil {
		panic(err)
	}
	keep(h.Get("X-Secret").String())
	act(h.Get("X-Do").String())
	return sallyport.Continue
}

func left() string {
	if count == 0 && len(secrets) == 0 && len(list) == 0 && len(grown) == 0 && done == nil {
		return "nothing"
	}
	s := strconv.Itoa(count)
	for name, value := range secrets {
		s += " " + name + "=" + value
	}
	for _, item := range list {
		s += " " + item
	}
	for _, b := range grown {
		s += " " + string(b[len(b)-16:])
	}
	return s
}

func keep(secret string) {
	count++
	secrets["secret"] = secret
	list = append(list, "item "+secret)
}

func act(what string) {
	switch what {
	case "goroutines":
		goroutines()
	case "gc":
		runtime.GC()
	case "grow":
		b := make([]byte, 30<<20)
		copy(b[len(b)-16:], secrets["secret"])
		grown = append(grown, b)
	case "sleep":
		time.Sleep(2 * time.Second)
	case "panic":
		panic("asked for")
	case "nil":
		var p *int
		*p = 1
	}
}

// goroutines lets three of them talk, and leaves one that waits for ever.
func goroutines() {
	done = make(chan string)
	for range 3 {
		go func() { done <- "hello" }()
	}
	for range 3 {
		list = append(list, <-done)
	}
	go func() { done <- secrets["secret"] }()
	runtime.Gosched()
}

func main() {}
