// Package archtest holds the architecture as a test: which package may import
// which, and where each outside library lives.
package archtest
