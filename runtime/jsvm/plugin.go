package jsvm

import (
	"context"
	goruntime "runtime"
	"sync"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/wire"
)

// plugin is one loaded script.
type plugin struct {
	template *template
	pool     *pool
	config   []byte
	options  options
	warnings warnings
	timeout  time.Duration // of a call without a deadline
	close    sync.Once
}

var _ abi.Plugin = (*plugin)(nil)

func newPlugin(c *Config, s *abi.Spec, t *template, w *watch, o options) *plugin {
	size := positive(s.Instances.Max, 4*goruntime.GOMAXPROCS(0))
	return &plugin{
		template: t, config: s.Config, options: o, pool: newPool(t, w, positive(s.Limits.Memory, c.memory()), size, c.ahead()),
		timeout: positive(s.Limits.Timeout, c.callTimeout()),
	}
}

// Declares implements abi.Plugin. Tyk gives scripts the bodies always.
func (p *plugin) Declares() abi.Declaration {
	hooks := p.template.hooks
	return abi.Declaration{
		Hooks:       hooks,
		RequestBody: hooks & (requestHooks | abi.SetOf(abi.Virtual)),
		ReplyBody:   hooks & abi.SetOf(abi.Response),
	}
}

// Call implements abi.Plugin.
func (p *plugin) Call(x *abi.Exchange) (abi.Verdict, error) {
	if !p.template.hooks.Has(x.Hook) {
		return abi.Continue, abi.Errorf(abi.Refused, "%s does not serve the hook %s", p.template.name, x.Hook)
	}
	deadline := x.Deadline
	if deadline.IsZero() {
		deadline = time.Now().Add(p.timeout)
	}
	result, err := p.pool.do(p.newCall(x), deadline)
	if err != nil {
		return abi.Continue, err
	}
	return p.apply(x, []byte(result))
}

// apply edits x as the script has asked for.
func (p *plugin) apply(x *abi.Exchange, result []byte) (abi.Verdict, error) {
	switch x.Hook {
	case abi.Event:
		return abi.Continue, nil
	case abi.Response:
		r, err := wire.ParseTykResponse(result)
		if err != nil {
			return abi.Continue, err
		}
		return abi.Continue, r.Apply(x)
	case abi.Virtual:
		r, err := wire.ParseTykVirtual(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepMetadata = !p.options.gives(x.Hook)
		return r.Apply(x)
	default:
		r, err := wire.ParseTykRequest(result)
		if err != nil {
			return abi.Continue, err
		}
		r.KeepMetadata = !p.options.gives(x.Hook)
		p.warnings.look(p.template.host.logger, p.template.host.plugin, x.Hook, result, r.Session == nil && r.Request.ReturnOverrides.ResponseCode == 0)
		return r.Apply(x)
	}
}

// Close implements abi.Plugin. It may be called again to go on waiting.
func (p *plugin) Close(ctx context.Context) error {
	p.close.Do(p.pool.close)
	return wait(ctx, &p.pool.running)
}
