package rewrite_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// TestEngineAgreesOnEveryOpcode puts every opcode, with each plausible shape of
// immediates, into unreachable code, where the engine checks everything but the
// operands. What the engine accepts the rewriter must accept, and the result
// must be valid: a wrong length would desynchronise one of the two.
func TestEngineAgreesOnEveryOpcode(t *testing.T) {
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(context.Background())
	accepted := 0
	for _, op := range everyOpcode() {
		shapes := 0
		for _, imm := range immediateShapes() {
			module := opcodeModule(append(bytes.Clone(op), imm...))
			if compiles(t.Context(), r, module) {
				shapes++
				if err := staysValid(t.Context(), r, module); err != nil {
					t.Errorf("opcode %x with %x: %v", op, imm, err)
				}
			}
		}
		if shapes > 0 {
			accepted++
		}
	}
	if accepted < 430 {
		t.Errorf("the engine accepted only %d opcodes in this frame", accepted)
	}
	t.Logf("%d opcodes accepted by the engine and the rewriter", accepted)
}

func compiles(ctx context.Context, r wazero.Runtime, module []byte) bool {
	m, err := r.CompileModule(ctx, module)
	if err != nil {
		return false
	}
	m.Close(ctx)
	return true
}

func staysValid(ctx context.Context, r wazero.Runtime, module []byte) error {
	out, _, err := rewrite.Rewrite(module, rewrite.Options{})
	if err != nil {
		return err
	}
	m, err := r.CompileModule(ctx, out)
	if err != nil {
		return fmt.Errorf("result is invalid: %w", err)
	}
	return m.Close(ctx)
}

func everyOpcode() [][]byte {
	var ops [][]byte
	for op := range 0xfb {
		ops = append(ops, []byte{byte(op)})
	}
	for sub := range 0x20 {
		ops = append(ops, []byte{0xfc, byte(sub)})
	}
	for sub := range 0x100 {
		ops = append(ops, append([]byte{0xfd}, u32(sub)...))
	}
	return ops
}

// immediateShapes returns the bytes that may follow an opcode, among them end
// for blocks.
func immediateShapes() [][]byte {
	lanes := make([]byte, 16)
	return [][]byte{
		nil,
		{0},
		{0, 0},
		{0, 0, 0},
		{funcref},
		{1, i32},
		{1, 0, 0},
		{empty, end},
		{empty, elseOp, end},
		{0xff, 0x00},
		{0x80, 0x80, 0x00},
		lanes[:4], lanes[:8], lanes,
		{i32, unreachable, end},
	}
}

// opcodeModule has one of everything an immediate can point to.
func opcodeModule(instruction []byte) []byte {
	var e encoder
	e.memory(1)
	e.tables = [][]byte{cat(funcref, 0, 1)}
	e.global(i32, 1, konst(0))
	e.data = [][]byte{cat(1, 0)}
	e.dataCount = u32(1)
	e.elems = [][]byte{cat(1, 0, 1, 0)}
	e.fn("", nil, nil, []byte{i32}, block, empty, unreachable, instruction, unreachable, end)
	return e.build()
}
