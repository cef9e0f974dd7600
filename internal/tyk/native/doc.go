// Package native writes the gateway's configuration: mappings, lists and
// scalars in the order they were given, with comments.
//
// It exists beside the YAML library because of two things that its encoder
// does not do: comments that stay where they are put, and text that the
// configuration reads back as it was, dollar signs included, which stand for
// the environment there.
package native
