//go:build !race

package coproc_test

const raced = false
