package plugintool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/store"
)

// testTimeout is the least deadline of a call in a test: machines that run
// tests are busy.
const testTimeout = 5 * time.Second

// testBed is a configuration brought to life without a server: fixtures are
// played through its chains.
type testBed struct {
	store store.Store
	gen   *app.Generation
	logs  *stageLog
}

// openStage loads a configuration. Its store is replaced by an empty one in
// memory: tests neither see nor leave anything.
func openStage(ctx context.Context, cfg *config.Config) (*testBed, error) {
	cfg.Store.URL.Value = "memory:"
	for _, p := range cfg.Plugins {
		p.Limits.Timeout = max(p.Limits.Timeout, testTimeout)
	}
	st, err := app.OpenStore(cfg)
	if err != nil {
		return nil, err
	}
	s := &testBed{store: st, logs: &stageLog{}}
	logger := zerolog.New(s.logs)
	if s.gen, err = app.Load(ctx, cfg, app.Options{Store: st, Logger: &logger}); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

func (s *testBed) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(s.gen.Close(ctx), s.store.Close())
}

// play sends one request through the chain of the API that it is for.
func (s *testBed) play(c *fixture.Case) (fixture.Played, error) {
	_, rest, _ := strings.Cut(c.Request.Start, " ")
	target, _, _ := strings.Cut(rest, " ")
	host, _ := c.Request.Header.Get([]byte("Host"))
	if !strings.HasPrefix(target, "/") {
		return fixture.Played{}, fmt.Errorf("the request line %q has no path: write for example GET / HTTP/1.1",
			c.Request.Start)
	}
	chain, ok := s.gen.Lookup(host, []byte(target))
	if !ok {
		return fixture.Played{}, fmt.Errorf("no api of the configuration takes the request: host %q, path %s", host, target)
	}
	return c.Play(new(abi.Exchange), chain), nil
}
