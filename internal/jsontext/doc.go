// Package jsontext appends JSON to byte slices without reflection, for the
// messages that are written on the way of a request. It writes strings,
// bytes in base64 and the values that encoding/json decodes into any.
package jsontext
