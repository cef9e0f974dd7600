// Package app turns a configuration into a gateway that serves. It is the one
// package that knows every runtime, and the only one that connects them with
// stores, chains, routes and the admin listener.
//
// An [App] serves one [Generation] at a time: everything that one reading of
// the configuration has loaded. [New] loads the first one, [App.Run] serves
// until it is told to stop and then drains, and [App.Reload] loads the next one
// beside the first and sends new requests there. The generation that was
// replaced is returned by Reload, because draining it is a step of its own:
// a reload is done when new requests are served by the new plugins, however
// long the last request of the old ones takes.
//
//	cfg, err := config.Load(file, os.LookupEnv)
//	listeners, err := app.Listen(ctx, cfg)
//	a, err := app.New(ctx, cfg, app.Options{})
//	err = a.Run(ctx, listeners)
//
// [Check] loads what a configuration names and lets go of it again, [ConfigSource]
// is where a configuration is read from, and [TryLoad] loads a single plugin.
package app
