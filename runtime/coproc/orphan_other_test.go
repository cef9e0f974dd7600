//go:build !linux

package coproc_test

import "errors"

func gateway() error { return errors.New("for Linux only") }

func confinedGateway(string) error { return gateway() }
