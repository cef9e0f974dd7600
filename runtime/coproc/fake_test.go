package coproc_test

import "errors"

func fake(args []string) error { return errors.New("unknown behaviour") }
