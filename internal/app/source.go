package app

import (
	"context"

	"github.com/c386954a/sallyport/internal/config"
)

// Source is where a configuration is read from, at the start and for each
// reload. It is used by one goroutine at a time.
type Source interface {
	// Name is what messages call the source.
	Name() string

	// Read reads the configuration as it is now.
	Read(ctx context.Context) (*config.Config, error)

	// Explain returns an error about the configuration that was read last in
	// terms of the files that people write.
	Explain(err error) error
}

// File is a configuration file.
type File struct {
	Path   string
	Lookup func(string) (string, bool) // finds values of the environment
}

// Name returns the path.
func (f File) Name() string { return f.Path }

// Read implements [Source].
func (f File) Read(context.Context) (*config.Config, error) { return config.Load(f.Path, f.Lookup) }

// Explain returns err: a configuration file is what people write.
func (File) Explain(err error) error { return err }
