package jsapi_test

import (
	"strings"
	"testing"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/internal/tyk/jsapi"
)

func TestTextsAreES5(t *testing.T) {
	for name, text := range map[string]string{
		"core": jsapi.Core(), "answer": jsapi.Answer(), "hooks": jsapi.Hooks(), "underscore": jsapi.Underscore(),
	} {
		program, err := parser.ParseFile(nil, name, text, 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(program.Body) != 1 {
			t.Errorf("%s has %d statements, want 1", name, len(program.Body))
		}
	}
}

func TestUnderscoreNamesItsVersionAndItsLicence(t *testing.T) {
	for _, want := range []string{"Underscore.js 1.13.7", "MIT license"} {
		if !strings.Contains(jsapi.Underscore(), want) {
			t.Errorf("underscore lost its notice %q", want)
		}
	}
}

// TestNewMachinesHaveNoUnderscore is about otto's registry, which adds the text
// to each VM unless it is told not to.
func TestNewMachinesHaveNoUnderscore(t *testing.T) {
	if v, err := otto.New().Run("typeof _"); err != nil || v.String() != "undefined" {
		t.Errorf("typeof _ = %v, %v, want undefined", v, err)
	}
}
