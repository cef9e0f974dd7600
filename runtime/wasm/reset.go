package wasm

import (
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// clone makes an instance that has run nothing a copy of the image.
func (i *instance) clone(level int, s snapshot.Strategy) error {
	globals, err := i.globals()
	if err != nil {
		return &abi.Error{Kind: abi.Trap, Err: err}
	}
	i.restorer, err = snapshot.NewRestorer(snapshot.Config{
		Image: i.plugin.image, Memory: i.memory, Globals: globals, Strategy: s,
	})
	if err != nil {
		return &abi.Error{Kind: abi.Trap, Err: err}
	}
	i.level = level
	return nil
}

// globals returns all that has to be restored: the guest's and our own.
func (i *instance) globals() ([]api.MutableGlobal, error) {
	names := []string{rewrite.FuelName, rewrite.StopName, rewrite.DepthName}
	for _, g := range i.plugin.report.Globals {
		names = append(names, g.Name)
	}
	return snapshot.Globals(i.module, names)
}

// reusable resets an instance for the next call, where that is needed, and
// reports whether it may serve one.
func (i *instance) reusable(err error) bool {
	switch {
	case i.broken:
		return false
	case i.plugin.spec.Instances.Mode == abi.Pooled:
		return err == nil
	}
	return i.reset()
}

// reset undoes everything that a call did to the instance.
func (i *instance) reset() bool {
	if i.restorer == nil {
		return false
	}
	if _, err := i.restorer.Restore(); err != nil {
		i.plugin.resetFailed(i.level, err)
		return false
	}
	i.plugin.fallback.worked()
	return true
}

// resetFailed counts a failed reset, after which the instance is discarded.
func (p *plugin) resetFailed(level int, err error) {
	p.log.Error().Err(err).Msg("instance could not be reset")
	if p.fallback.failed(level) {
		p.fellBack(err)
	}
}

// fellBack notes that another strategy is used from now on, and why.
func (p *plugin) fellBack(why error) {
	p.reason.Store(new(why.Error()))
	p.log.Warn().Err(why).Str("reset", p.resetName()).Msg("instances are reset in another way from now on")
}

// resetName returns how instances are brought into the state for the next
// call.
func (p *plugin) resetName() string {
	if p.spec.Instances.Mode == abi.Pooled {
		return "none"
	}
	if _, s, ok := p.fallback.current(); ok {
		return s.String()
	}
	return "new-instance"
}
