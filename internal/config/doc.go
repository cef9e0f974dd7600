// Package config reads the gateway's configuration file.
//
// The file is strict YAML. [Load] and [Parse] never stop at the first
// mistake: they report all of them as [Problems], sorted by place, each as
//
//	file:line:column: what is wrong. what to do about it
//
// The result is plain structs with every default filled in, paths resolved
// against the folder of the file, and free-form mappings turned into JSON.
// Values that can still turn out wrong later, when a plugin is loaded for
// instance, keep their [Pos], so that [Config.Problemf] reports them the same
// way.
//
// # Environment
//
// ${NAME} in a string value stands for a value from the environment, and $$
// for a dollar sign. Messages show a value as it is written in the file, never
// what came from the environment.
//
// # Schema
//
// [Schema] is the same language as JSON Schema, for editors. Every file this
// package accepts is valid under it; the converse does not hold, since a schema
// cannot say that a name must be defined elsewhere.
package config
