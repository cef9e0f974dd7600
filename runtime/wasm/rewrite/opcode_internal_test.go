package rewrite

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestImmediatesOfAllOpcodes compares the tables with a list that was checked
// against the specification; the engine checks it once more in
// [TestEngineAgreesOnEveryOpcode].
func TestImmediatesOfAllOpcodes(t *testing.T) {
	var b strings.Builder
	line := func(op int, imm immediate) {
		text := immediateNames()[imm]
		if name := proposal(op); imm == immUnknown && name != "" {
			text = "refused: " + name
		}
		fmt.Fprintf(&b, "%s\t%s\n", opcodeText(op), text)
	}
	for op := range 0x100 {
		if op != opPrefixMisc && op != opPrefixVector {
			line(op, plainImmediate(byte(op)))
		}
	}
	for sub := range 0x20 {
		line(opPrefixMisc<<prefixShift|sub, miscImmediate(uint32(sub)))
	}
	for sub := range 0x120 {
		line(opPrefixVector<<prefixShift|sub, vectorImmediate(uint32(sub)))
	}
	golden := filepath.Join("testdata", "opcodes.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func immediateNames() map[immediate]string {
	return map[immediate]string{
		immUnknown: "unknown", immNone: "-", immBlock: "blocktype", immElse: "- (else)", immEnd: "- (end)",
		immLabel: "label", immLabels: "label* label", immReturn: "- (return)", immCall: "func",
		immCallIndirect: "type table", immTypes: "valtype*", immLocal: "local", immGlobal: "global",
		immTable: "table", immMemarg: "memarg", immMemory: "memory", immMemoryPair: "memory memory",
		immI32: "s32", immI64: "s64", immF32: "4 bytes", immF64: "8 bytes", immHeapType: "reftype",
		immRefFunc: "func (declared)", immDataMemory: "data memory", immData: "data",
		immElemTable: "elem table", immElem: "elem", immTablePair: "table table", immLane: "lane",
		immMemargLane: "memarg lane", immV128: "16 bytes",
	}
}
