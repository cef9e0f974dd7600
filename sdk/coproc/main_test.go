// Package coproc_test is the conformance kit of the plugin process protocol:
// a fake gateway that drives any program, run against the SDKs.
//
// A program is under test as the conform plugin, which README.md of the
// package abi/abitest describes. Your own is driven by
//
//	go test ./sdk/coproc -run Conformance -v -command "python3 conform.py"
package coproc_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi/abitest/conform"
	"github.com/c386954a/sallyport/internal/needs"
	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
)

// asProcess is the argument that makes this test binary the conform process.
const asProcess = "conform-process"

var command = flag.String("command", "", "program to drive instead of the conform processes of the SDKs")

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asProcess {
		if err := sallyport.Main(conform.Handlers()...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is a conform process under test.
type program struct {
	name, packages string
	command        []string
}

func programs(t *testing.T) []program {
	t.Helper()
	if *command != "" {
		return []program{{name: "command", command: strings.Fields(*command)}}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join("..", "..", "abi", "abitest", "conform")
	return []program{
		{name: "go", command: []string{self, asProcess}},
		{name: "python", packages: "python3", command: []string{"python3", "-B", filepath.Join(folder, "conform.py")}},
		{name: "node", packages: "nodejs", command: []string{"node", filepath.Join(folder, "conform.mjs")}},
	}
}

// need skips a test where a program is missing, except where nothing may skip.
func (p *program) need(t *testing.T) {
	t.Helper()
	if p.packages != "" {
		needs.Program(t, p.packages, p.command[0], "--version")
	}
}

// TestSDKsOfOtherLanguages runs the tests that the SDKs bring in their own
// language.
func TestSDKsOfOtherLanguages(t *testing.T) {
	for _, p := range []struct {
		program
		folder string
	}{
		{program{"python", "python3", []string{"python3", "-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."}}, "python"},
		{program{"node", "nodejs", []string{"node", "--test"}}, "node"},
	} {
		t.Run(p.name, func(t *testing.T) {
			p.need(t)
			cmd := exec.CommandContext(t.Context(), p.command[0], p.command[1:]...)
			cmd.Dir = p.folder
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
