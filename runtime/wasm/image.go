package wasm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// ready starts the template, takes its image, and gives the pool its first
// instance. Without an image that is the template itself.
func (p *plugin) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.startTimeout)
	defer cancel()
	template, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err := template.start(ctx); err != nil {
		template.close()
		return err
	}
	p.contract.Adopt(template.guest)
	if err := p.takeImage(template); err != nil {
		p.cannotRestore(err)
		p.pool.start(template)
		return nil
	}
	template.close()
	first, err := p.firstClone(ctx)
	if err != nil {
		return err
	}
	p.pool.start(first)
	return nil
}

// takeImage keeps the state of the template, if it can be restored at all.
func (p *plugin) takeImage(template *instance) error {
	switch {
	case p.reinstantiate:
		return errReinstantiate
	case !p.report.Restorable:
		return errors.New(strings.Join(p.report.Reasons, ", "))
	}
	globals, err := template.globals()
	if err != nil {
		return err
	}
	image, err := snapshot.Take(template.memory, globals)
	if err != nil {
		return err
	}
	if p.fallback, err = newFallback(p.caps, p.strategy, image.Size()); err != nil {
		image.Close()
		p.fallback = &fallback{}
		return err
	}
	p.image = image
	return nil
}

var errReinstantiate = errors.New("asked for")

// cannotRestore notes why there is no image.
func (p *plugin) cannotRestore(why error) {
	p.reason.Store(new(why.Error()))
	p.log.Warn().Str("reason", why.Error()).
		Msg("plugin cannot be reset: every request gets a new instance, which is slower")
}

// firstClone makes the first instance from the image and tests whether a reset
// brings everything back. It falls back to simpler strategies until one does.
func (p *plugin) firstClone(ctx context.Context) (*instance, error) {
	for {
		level, _, restores := p.fallback.current()
		i, err := p.newInstance(ctx)
		if !restores {
			return i, err
		}
		if err == nil {
			if err = i.selfTest(); err == nil {
				return i, nil
			}
			i.close()
		}
		if p.fallback.leave(level) {
			p.fellBack(err)
		}
	}
}

// selfTest changes an instance as guests do and compares it with the image after
// a reset.
func (i *instance) selfTest() error {
	if err := i.restorer.Verify(); err != nil {
		return fmt.Errorf("clone: %w", err)
	}
	i.disturb()
	if _, err := i.restorer.Restore(); err != nil {
		return err
	}
	if err := i.restorer.Verify(); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	return nil
}

// disturb writes to the first, a middle and the last byte of the memory,
// grows it and writes to the growth, and changes our globals.
func (i *instance) disturb() {
	m := i.module.Memory()
	size := m.Size()
	for _, at := range [...]uint32{0, size / 2, size - 1} {
		if b, ok := m.ReadByte(at); ok {
			m.WriteByte(at, ^b)
		}
	}
	if _, ok := m.Grow(1); ok {
		m.WriteByte(size, 1)
	}
	i.interrupt.fuel.Set(1)
	i.interrupt.stop.Set(1)
	i.interrupt.depth.Set(uint64(i.interrupt.limit))
}
