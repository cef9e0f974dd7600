package app

import (
	"context"

	"github.com/c386954a/sallyport/internal/config"
)

// ConfigSource is where a configuration is read from, at the start and for each
// reload. It is used by one goroutine at a time.
type ConfigSource interface {
	// Name is what messages call the source.
	Name() string

	// Read reads the configuration as it is now.
	Read(ctx context.Context) (*config.Config, error)

	// Explain returns an error about the configuration that was read last in
	// terms of the files that people write.
	Explain(err error) error
}

// ConfigFile is a configuration file.
type ConfigFile struct {
	Path   string
	Lookup func(string) (string, bool) // finds values of the environment
}

// Name returns the path.
func (f ConfigFile) Name() string { return f.Path }

// Read implements [ConfigSource].
func (f ConfigFile) Read(context.Context) (*config.Config, error) {
	return config.Load(f.Path, f.Lookup)
}

// Explain returns err: a configuration file is what people write.
func (ConfigFile) Explain(err error) error { return err }
