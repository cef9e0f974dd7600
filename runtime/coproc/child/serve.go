package child

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	version     = "1.0"
	maxMessage  = 8 << 20
	bufferSize  = 64 << 10
	maxInFlight = 512
)

// Codes of error answers.
const (
	codeNoMethod    = -32601
	codeBadParams   = -32602
	codeFailed      = -32603
	codeNotReady    = -32002
	codeCancelled   = -32800
	codeNoProtocol  = 4001
	codeNoHandler   = 4002
	codeUnknownAPI  = 4003
	codeShuttingOff = 4005
)

// Serve speaks the protocol on r and w until r ends, then waits for the calls
// that are running, whose contexts it ends, and returns. It returns nil if r
// ended cleanly. Handlers run concurrently.
func Serve(ctx context.Context, r io.Reader, w io.Writer, handlers []Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{
		handlers: handlers,
		replies:  make(chan []byte, maxInFlight),
		apis:     make(map[apiKey]*API),
		running:  make(map[int64]context.CancelFunc),
	}
	var writing sync.WaitGroup
	writing.Go(func() { s.write(w) })
	err := s.read(ctx, r)
	cancel()
	s.calls.Wait()
	s.waiting.Wait()
	close(s.replies)
	writing.Wait()
	return err
}

type apiKey struct {
	id         string
	generation uint64
}

type server struct {
	handlers []Handler
	replies  chan []byte
	calls    sync.WaitGroup
	waiting  sync.WaitGroup // for calls to end
	ready    bool           // the gateway has said initialized; of the reader
	leaving  bool           // it has said shutdown; of the reader

	// mu protects the fields below.
	mu      sync.Mutex
	apis    map[apiKey]*API
	running map[int64]context.CancelFunc
}

type message struct {
	ID     *int64          `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

func (s *server) read(ctx context.Context, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, bufferSize), maxMessage)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) > 0 {
			s.receive(ctx, line)
		}
	}
	return lines.Err()
}

func (s *server) receive(ctx context.Context, line []byte) {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		s.replies <- []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}` + "\n")
		return
	}
	if m.ID == nil {
		s.notified(&m)
		return
	}
	if !s.ready && m.Method != "initialize" {
		s.fail(*m.ID, codeNotReady, "not initialized", nil)
		return
	}
	switch m.Method {
	case "dispatch":
		s.dispatch(ctx, &m)
	case "initialize":
		s.initialize(&m)
	case "ping":
		s.answer(*m.ID, struct{}{})
	case "api/load", "api/unload":
		s.api(&m)
	case "shutdown":
		s.shutdown(&m)
	default:
		s.fail(*m.ID, codeNoMethod, "method not found", nil)
	}
}

func (s *server) notified(m *message) {
	switch m.Method {
	case "initialized":
		s.ready = true
	case "cancel":
		var p struct {
			ID int64 `json:"id"`
		}
		if json.Unmarshal(m.Params, &p) == nil {
			s.cancel(p.ID)
		}
	}
}

func (s *server) initialize(m *message) {
	var p struct {
		Protocol []string `json:"protocol"`
	}
	_ = json.Unmarshal(m.Params, &p)
	for _, v := range p.Protocol {
		if v != version {
			continue
		}
		s.answer(*m.ID, map[string]any{
			"protocol": version,
			"plugin":   map[string]string{"name": "go", "version": "0"},
			"limits":   map[string]int{"max_in_flight": maxInFlight, "max_message_bytes": maxMessage},
			"handlers": s.handlers,
		})
		return
	}
	s.fail(*m.ID, codeNoProtocol, "unsupported protocol", map[string]any{"supported": []string{version}})
}

func (s *server) api(m *message) {
	var a API
	if err := json.Unmarshal(m.Params, &a); err != nil {
		s.fail(*m.ID, codeBadParams, err.Error(), nil)
		return
	}
	for _, b := range a.Hooks {
		if s.handler(b.HookName, b.HookType) == nil {
			s.fail(*m.ID, codeNoHandler, fmt.Sprintf("no handler %s for hook %s", b.HookName, b.HookType), nil)
			return
		}
	}
	s.mu.Lock()
	if m.Method == "api/load" {
		s.apis[apiKey{a.ID, a.Generation}] = &a
	} else {
		delete(s.apis, apiKey{a.ID, a.Generation})
	}
	s.mu.Unlock()
	s.answer(*m.ID, struct{}{})
}

func (s *server) shutdown(m *message) {
	id := *m.ID
	s.leaving = true
	s.waiting.Go(func() { // the reader goes on meanwhile
		s.calls.Wait()
		s.answer(id, struct{}{})
	})
}

func (s *server) handler(name, hook string) *Handler {
	for i := range s.handlers {
		h := &s.handlers[i]
		if h.Name != name {
			continue
		}
		for _, t := range h.Hooks {
			if t == hook {
				return h
			}
		}
	}
	return nil
}

func (s *server) dispatch(ctx context.Context, m *message) {
	id := *m.ID
	var c Call
	if err := json.Unmarshal(m.Params, &c); err != nil {
		s.fail(id, codeBadParams, err.Error(), nil)
		return
	}
	h := s.handler(c.HookName, c.HookType)
	s.mu.Lock()
	c.API = s.apis[apiKey{c.APIID, c.Generation}]
	s.mu.Unlock()
	switch {
	case s.leaving:
		s.fail(id, codeShuttingOff, "shutting down", nil)
		return
	case h == nil || h.Func == nil:
		s.fail(id, codeNoHandler, "no such handler", nil)
		return
	case c.API == nil:
		s.fail(id, codeUnknownAPI, "API generation unknown", nil)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(c.DeadlineMS, 1))*time.Millisecond)
	s.mu.Lock()
	s.running[id] = cancel
	s.mu.Unlock()
	s.calls.Go(func() {
		defer s.finished(id, cancel)
		s.run(ctx, id, h, &c)
	})
}

// run calls the handler and answers, whatever happens in it.
func (s *server) run(ctx context.Context, id int64, h *Handler, c *Call) {
	defer func() {
		if v := recover(); v != nil {
			s.fail(id, codeFailed, fmt.Sprint("panic: ", v), nil)
		}
	}()
	r, err := h.Func(ctx, c)
	switch {
	case err == nil && r != nil:
		s.answer(id, r)
	case err == nil:
		s.answer(id, Result{Action: "continue"})
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		s.fail(id, codeCancelled, err.Error(), nil)
	default:
		s.fail(id, codeFailed, err.Error(), nil)
	}
}

func (s *server) finished(id int64, cancel context.CancelFunc) {
	cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, id)
}

func (s *server) cancel(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[id]; cancel != nil {
		cancel()
	}
}

func (s *server) answer(id int64, result any) {
	b, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int64  `json:"id"`
		Result  any    `json:"result"`
	}{"2.0", id, result})
	if err != nil {
		s.fail(id, codeFailed, err.Error(), nil)
		return
	}
	s.replies <- append(b, '\n')
}

func (s *server) fail(id int64, code int, text string, data any) {
	type object struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}
	b, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int64  `json:"id"`
		Error   object `json:"error"`
	}{"2.0", id, object{code, text, data}})
	if err != nil {
		return
	}
	s.replies <- append(b, '\n')
}

// write sends answers, as many as there are with one write. After an error it
// only drains: the gateway is gone, and stdin is about to end.
func (s *server) write(w io.Writer) {
	buf := bufio.NewWriterSize(w, bufferSize)
	for b := range s.replies {
		_, _ = buf.Write(b)
		for more := true; more; {
			select {
			case b, open := <-s.replies:
				more = open
				_, _ = buf.Write(b)
			default:
				more = false
			}
		}
		_ = buf.Flush()
	}
}
