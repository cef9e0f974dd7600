// Package plugintool helps the authors of plugins: [New] makes the folder of a
// plugin, [Build] builds it, [Tester] plays its test requests, and [Inspect]
// shows what a plugin implements, imports and needs.
package plugintool
