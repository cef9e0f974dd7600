package source

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// UnpackedBundle is the plugin bundle of an API. The zero Bundle is that of an API
// without one.
type UnpackedBundle struct {
	bundle.Bundle

	Section *definition.CustomMiddleware // it takes the place of the definition's; nil without one
	Unknown []document.Member            // of the section
	Err     error
}

// Middleware returns the hooks of the API: those of its bundle, or its own.
func (a *DefinitionFile) Middleware() definition.CustomMiddleware {
	if a.Bundle.Section != nil {
		return *a.Bundle.Section
	}
	return a.Definition.CustomMiddleware
}

func (t *Tree) readBundle(ctx context.Context, scratch string, d *definition.Definition) (b UnpackedBundle) {
	if d.Bundle == "" || d.BundleDisabled || t.Settings.ManagementNode {
		return b
	}
	if b.Err = t.loadBundle(ctx, scratch, d.Bundle, &b); b.Err != nil {
		b.Section = nil
	}
	return b
}

func (t *Tree) loadBundle(ctx context.Context, scratch, reference string, b *UnpackedBundle) error {
	config, err := t.bundleConfig(scratch, reference)
	if err != nil {
		return err
	}
	if b.Bundle, err = bundle.Load(ctx, config, reference); err != nil || b.Bundle.Section == nil {
		return err
	}
	v, err := document.Parse(reference+"/manifest.json", b.Bundle.Section)
	if err != nil {
		return err
	}
	b.Section = &definition.CustomMiddleware{}
	b.Unknown, err = v.Decode(b.Section)
	return err
}

// bundleConfig says where bundles come from: from the configured server, and
// otherwise from the folder bundles.
func (t *Tree) bundleConfig(scratch, reference string) (bundle.Config, error) {
	s := &t.Settings
	c := bundle.Config{
		Root: t.Resolve(t.Root, s.MiddlewarePath), BaseURL: s.BundleBaseURL, Download: s.EnableBundles,
		Insecure: s.BundleInsecure, SkipVerifyExisting: s.SkipVerifyOldBundles,
	}
	if s.PublicKeyPath != "" {
		c.PublicKeyPath = t.Resolve(t.Root, s.PublicKeyPath)
	}
	if s.BundleBaseURL != "" {
		return c, nil
	}
	if scratch == "" {
		return c, NoScratchError("bundle " + reference)
	}
	c.Local, c.Root = filepath.Join(t.Root, "bundles"), scratch
	return c, nil
}

// NoScratchError says that something needs a folder of its own.
func NoScratchError(what string) error {
	return fmt.Errorf("%s must be unpacked beside the configuration: name its file with --out", what)
}
