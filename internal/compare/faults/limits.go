package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
)

// limits switch a limit of a plugin off.
var limits = map[string]func(*config.PluginConfig){
	"deadline": func(p *config.PluginConfig) { p.Limits.Timeout = time.Hour },
	"memory":   func(p *config.PluginConfig) { p.Limits.Memory = 1 << 30 },
	"reset":    func(p *config.PluginConfig) { p.Instances.Mode = abi.Pooled },
}

// Limits are the names of the limits that can be switched off, so that the
// suite can be seen to fail.
func Limits() []string { return slices.Sorted(maps.Keys(limits)) }

// CheckLimit returns an error unless there is a limit of that name.
func CheckLimit(name string) error {
	if _, ok := limits[name]; ok {
		return nil
	}
	return fmt.Errorf("unknown limit `%s`: use %s", name, strings.Join(Limits(), ", "))
}

// SwitchOff switches a limit off for every plugin. There must be a limit of
// that name.
func SwitchOff(name string, cfg *config.Config) {
	for _, p := range cfg.Plugins {
		limits[name](p)
	}
}
