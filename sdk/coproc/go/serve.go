package sallyport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// server is one session with a gateway.
type server struct {
	plugin  Plugin
	gateway *Gateway
	out     *writer
	calls   sync.WaitGroup
	waiting sync.WaitGroup // for calls to end

	// The fields below belong to the reader.
	greeted  bool // the gateway has said initialize
	ready    bool // it has said initialized
	leaving  bool // it has said shutdown
	maxReply int

	// mu protects the fields below.
	mu      sync.Mutex
	apis    map[apiKey]*API
	running map[int64]context.CancelFunc
}

type apiKey struct {
	id         string
	generation uint64
}

func newServer(p Plugin, w io.Writer) *server {
	s := &server{
		plugin:  p.withDefaults(),
		out:     newWriter(w),
		apis:    make(map[apiKey]*API),
		running: make(map[int64]context.CancelFunc),
	}
	s.maxReply = s.plugin.MaxMessage
	s.gateway = &Gateway{s: s}
	return s
}

// read receives frames until there are no more. In order means that each frame
// waits for the calls before it.
func (s *server) read(ctx context.Context, l *lines, inOrder bool) error {
	for {
		line, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTooLong):
			s.fail(nil, &Error{Code: codeBadRequest, Message: err.Error()})
			continue
		case err != nil:
			return err
		case len(line) == 0 || inOrder && line[0] == '#':
			continue
		}
		if inOrder && !bytes.Contains(line, []byte(`"cancel"`)) {
			s.calls.Wait()
			s.waiting.Wait()
		}
		s.receive(ctx, line)
	}
}

// drain waits for the running calls and for what depends on them, up to the
// plugin's Grace, and sends what is left to send.
func (s *server) drain() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.calls.Wait()
		s.waiting.Wait()
	}()
	limit := time.NewTimer(s.plugin.Grace)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
	}
	s.out.close()
}

func (s *server) receive(ctx context.Context, line []byte) {
	f := new(frame)
	if !f.parse(line) {
		*f = frame{}
		if err := json.Unmarshal(line, f); err != nil {
			s.unreadable(f, err)
			return
		}
	}
	switch {
	case f.ID == nil:
		s.notified(f)
	case f.Method == "":
		s.fail(f.ID, &Error{Code: codeBadRequest, Message: "no method"})
	case f.Method == "initialize" && !s.greeted:
		s.initialize(f)
	case !s.ready:
		s.fail(f.ID, &Error{Code: codeNotReady, Message: "not initialized"})
	default:
		s.request(ctx, f)
	}
}

// unreadable answers a frame that is not JSON, or lacks what its method needs.
func (s *server) unreadable(f *frame, err error) {
	var mistyped *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &mistyped):
		s.fail(nil, &Error{Code: codeNotJSON, Message: "not JSON"})
	case f.ID != nil && f.Method != "":
		s.fail(f.ID, &Error{Code: codeBadParams, Message: err.Error()})
	default:
		s.fail(f.ID, &Error{Code: codeBadRequest, Message: err.Error()})
	}
}

func (s *server) request(ctx context.Context, f *frame) {
	switch f.Method {
	case "dispatch":
		s.dispatch(ctx, f)
	case "ping":
		s.answer(f.ID, struct{}{})
	case "api/load":
		s.load(ctx, f)
	case "api/unload":
		s.unload(f)
	case "shutdown":
		s.shutdown(f.ID)
	default:
		s.fail(f.ID, &Error{Code: codeNoMethod, Message: "method not found"})
	}
}

func (s *server) notified(f *frame) {
	switch f.Method {
	case "initialized":
		s.ready = true
	case "cancel":
		s.mu.Lock()
		defer s.mu.Unlock()
		if cancel := s.running[f.Params.ID]; cancel != nil {
			cancel()
		}
	}
}

func (s *server) initialize(f *frame) {
	if !slices.Contains(f.Params.Protocol, version) {
		s.fail(f.ID, &Error{codeNoProtocol, "unsupported protocol", map[string][]string{"supported": {version}}})
		return
	}
	s.greeted, s.gateway.Sandbox = true, f.Params.Sandbox
	if limit := f.Params.Limits.MaxMessage; limit > 0 {
		s.maxReply = min(s.maxReply, limit)
	}
	handlers := []declaration{}
	for i := range s.plugin.Handlers {
		handlers = append(handlers, s.plugin.Handlers[i].declare()...)
	}
	s.answer(f.ID, map[string]any{
		"protocol": version,
		"plugin":   map[string]string{"name": s.plugin.Name, "version": s.plugin.Version},
		"limits":   limits{s.plugin.MaxMessage, s.plugin.MaxInFlight},
		"handlers": handlers,
	})
}

// load takes an API. It does not block the reader, because OnLoad may wait.
func (s *server) load(ctx context.Context, f *frame) {
	a := f.Params.api()
	for _, b := range a.Hooks {
		if s.handler(b.Handler, b.Hook) == nil {
			s.fail(f.ID, &Error{Code: codeNoHandler, Message: fmt.Sprintf("no handler %s for hook %s", b.Handler, b.Hook)})
			return
		}
	}
	if s.plugin.OnLoad == nil {
		s.keep(a)
		s.answer(f.ID, struct{}{})
		return
	}
	s.waiting.Go(func() {
		defer s.recovered(f.ID)
		if err := s.plugin.OnLoad(ctx, s.gateway, a); err != nil {
			s.fail(f.ID, faultOf(err))
			return
		}
		s.keep(a)
		s.answer(f.ID, struct{}{})
	})
}

func (s *server) keep(a *API) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apis[apiKey{a.ID, a.Generation}] = a
}

func (s *server) unload(f *frame) {
	key := apiKey{f.Params.APIID, f.Params.Generation}
	s.mu.Lock()
	a := s.apis[key]
	delete(s.apis, key)
	s.mu.Unlock()
	defer s.recovered(f.ID)
	if a != nil && s.plugin.OnUnload != nil {
		s.plugin.OnUnload(a)
	}
	s.answer(f.ID, struct{}{})
}

// shutdown answers when the calls in flight are done. Until then the reader
// refuses new calls.
func (s *server) shutdown(id *int64) {
	s.leaving = true
	s.waiting.Go(func() {
		s.calls.Wait()
		s.answer(id, struct{}{})
	})
}

func (s *server) handler(name string, hook Hook) *Handler {
	for i := range s.plugin.Handlers {
		if h := &s.plugin.Handlers[i]; h.Name == name && slices.Contains(h.Hooks, hook) {
			return h
		}
	}
	return nil
}

func (s *server) dispatch(ctx context.Context, f *frame) {
	c, err := f.Params.call()
	if err != nil {
		s.fail(f.ID, &Error{Code: codeBadParams, Message: err.Error()})
		return
	}
	h := s.handler(c.HookName, c.HookType)
	s.mu.Lock()
	c.API, c.Gateway = s.apis[apiKey{c.APIID, c.Generation}], s.gateway
	running := len(s.running)
	s.mu.Unlock()
	switch {
	case s.leaving:
		s.fail(f.ID, &Error{Code: codeShuttingOff, Message: "shutting down"})
	case h == nil || h.Func == nil:
		s.fail(f.ID, &Error{Code: codeNoHandler, Message: "no such handler"})
	case c.API == nil:
		s.fail(f.ID, &Error{Code: codeUnknownAPI, Message: "API generation unknown"})
	case running >= s.plugin.MaxInFlight:
		s.fail(f.ID, &Error{Code: CodeOverloaded, Message: "overloaded"})
	default:
		s.start(ctx, f.ID, h, c)
	}
}

func (s *server) start(ctx context.Context, id *int64, h *Handler, c *Call) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(c.DeadlineMS, 1))*time.Millisecond)
	s.mu.Lock()
	s.running[*id] = cancel
	s.mu.Unlock()
	s.calls.Go(func() {
		line := s.run(ctx, id, h, c)
		s.finished(*id, cancel) // first, or the next call could find the window full
		s.out.put(line)
	})
}

// run calls the handler and returns the answer, whatever happens in it.
func (s *server) run(ctx context.Context, id *int64, h *Handler, c *Call) (line []byte) {
	defer func() {
		if v := recover(); v != nil {
			line = s.lineOf(id, nil, &Error{Code: CodeFailed, Message: fmt.Sprint("panic: ", v)})
		}
	}()
	r, err := h.Func(ctx, c)
	switch {
	case err != nil:
		return s.lineOf(id, nil, faultOf(err))
	case r == nil && c.HookType == Auth:
		return s.lineOf(id, nil, &Error{Code: CodeFailed, Message: "auth handler returned nothing"})
	case r == nil:
		r = &Result{Action: "continue"}
	}
	return s.lineOf(id, r, nil)
}

// recovered answers after a panic of something that is not a handler.
func (s *server) recovered(id *int64) {
	if v := recover(); v != nil {
		s.fail(id, &Error{Code: CodeFailed, Message: fmt.Sprint("panic: ", v)})
	}
}

func (s *server) finished(id int64, cancel context.CancelFunc) {
	cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

// lineOf encodes an answer. What cannot be encoded, or is longer than the
// gateway takes, becomes a failure.
func (s *server) lineOf(id *int64, result any, fault *Error) []byte {
	line, err := answerLine(id, result, fault)
	if err == nil && len(line) > s.maxReply+1 {
		err = fmt.Errorf("answer of %d bytes exceeds what the gateway takes", len(line))
	}
	if err != nil {
		line, _ = answerLine(id, nil, &Error{Code: CodeFailed, Message: err.Error()})
	}
	return line
}

func (s *server) answer(id *int64, result any) { s.out.put(s.lineOf(id, result, nil)) }
func (s *server) fail(id *int64, fault *Error) { s.out.put(s.lineOf(id, nil, fault)) }
