package native

import (
	"context"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Module is the name guests import the functions from. Its version is part of
// the name: a second version would have another name.
const Module = "sallyport"

// function is one host function. Its result is an i32 unless wide.
type function struct {
	name   string
	params int             // how many i32
	tail   []api.ValueType // of the parameters after those
	wide   bool            // the result is an i64
	idle   bool            // may be called while no hook is running
	grant  grant           // without which it cannot be imported
	run    func(c *Call, f hostFrame) int64
	wait   func(ctx context.Context, c *Call, f hostFrame) int64 // instead of run; may take until the deadline
}

// functions returns the whole ABI, in the order of ABI.md.
func functions() []function { return slices.Concat(freeFunctions(), grantedFunctions()) }

// freeFunctions are for every plugin.
func freeFunctions() []function {
	return []function{
		{name: "header_get", params: 5, run: headerGet},
		{name: "header_values", params: 5, run: headerValues},
		{name: "header_names", params: 3, run: headerNames},
		{name: "header_all", params: 3, run: headerAll},
		{name: "header_set", params: 5, run: headerSet},
		{name: "header_add", params: 5, run: headerAdd},
		{name: "header_del", params: 3, run: headerDel},

		{name: "request_get", params: 3, run: requestGet},
		{name: "request_set", params: 3, run: requestSet},
		{name: requestBodySize, params: 0, run: requestBody.size},
		{name: requestBodyRead, params: 3, run: requestBody.read},
		{name: requestBodySplice, params: 4, run: requestBody.splice},
		{name: "request_body_set", params: 2, run: requestBody.set},

		{name: "reply_status", params: 0, run: replyStatus},
		{name: "reply_set_status", params: 1, run: replySetStatus},
		{name: "reply_answer", params: 3, run: replyAnswer},
		{name: replyBodySize, params: 0, run: replyBody.size},
		{name: replyBodyRead, params: 3, run: replyBody.read},
		{name: replyBodySplice, params: 4, run: replyBody.splice},
		{name: "reply_body_set", params: 2, run: replyBody.set},

		{name: "meta_get", params: 4, run: metaGet},
		{name: "meta_set", params: 4, run: metaSet},
		{name: "session_get", params: 4, run: sessionGet},
		{name: "session_set", params: 2, run: sessionSet},
		{name: "metadata_get", params: 4, run: metadataGet},
		{name: "metadata_set", params: 2, run: metadataSet},

		{name: "config_get", params: 5, idle: true, run: configGet},
		{name: "api_get", params: 3, run: apiGet},
		{name: "notice_get", params: 3, run: noticeGet},

		{name: "log", params: 3, idle: true, run: logLine},
		{name: "clock", params: 1, wide: true, idle: true, run: clock},
		{name: "time_left", params: 0, wide: true, run: timeLeft},
		{name: "random", params: 2, idle: true, run: random},

		{name: "metric_add", params: 4, tail: []api.ValueType{f64}, run: metricAdd},
		{name: "metric_set", params: 4, tail: []api.ValueType{f64}, run: metricSet},
	}
}

// grantedFunctions are for the plugins whose configuration grants them.
func grantedFunctions() []function {
	return []function{
		{name: "kv_get", params: 4, grant: grantKV, run: kvGet},
		{name: "kv_set", params: 4, tail: []api.ValueType{i64}, grant: grantKV, run: kvSet},
		{name: "kv_set_if_absent", params: 4, tail: []api.ValueType{i64}, grant: grantKV, run: kvSetIfAbsent},
		{name: "kv_incr", params: 3, tail: []api.ValueType{i64, i64}, grant: grantKV, run: kvIncr},
		{name: "kv_del", params: 2, grant: grantKV, run: kvDel},

		{name: "http_request", params: 8, grant: grantHTTP, wait: httpRequest},
		{name: "http_response_header", params: 4, grant: grantHTTP, run: httpResponseHeader},
		{name: "http_response_header_all", params: 2, grant: grantHTTP, run: httpResponseHeaderAll},
		{name: "http_response_body_size", params: 0, grant: grantHTTP, run: httpResponseBodySize},
		{name: "http_response_body_read", params: 3, grant: grantHTTP, run: httpResponseBodyRead},

		{name: "env_get", params: 4, idle: true, grant: grantEnv, run: envGet},
	}
}

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
	f64 = api.ValueTypeF64
)

// Instantiate makes the host module in r. All instances of r share it.
func (h *Host) Instantiate(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(Module)
	for _, f := range functions() {
		b.NewFunctionBuilder().
			WithGoModuleFunction(f.host(), f.signature(), []api.ValueType{f.result()}).
			Export(f.name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return fmt.Errorf("link host functions: %w", err)
	}
	return nil
}

// host returns the function as the engine calls it.
func (f function) host() api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, stack []uint64) {
		stack[0] = f.encode(f.call(ctx, m, stack))
	}
}

func (f function) call(ctx context.Context, m api.Module, stack []uint64) int64 {
	c, ok := ctx.Value(callKey{}).(*Call)
	if !ok || (c.x == nil && !f.idle) {
		return int64(CodeNoCall)
	}
	if f.wait != nil {
		return f.wait(ctx, c, hostFrame{memory: m.Memory(), stack: stack})
	}
	return f.run(c, hostFrame{memory: m.Memory(), stack: stack})
}

func (f function) encode(v int64) uint64 {
	if f.wide {
		return api.EncodeI64(v)
	}
	return api.EncodeI32(int32(v))
}

// arity returns how many parameters there are.
func (f function) arity() int { return f.params + len(f.tail) }

func (f function) signature() []api.ValueType {
	return append(slices.Repeat([]api.ValueType{i32}, f.params), f.tail...)
}

func (f function) result() api.ValueType {
	if f.wide {
		return i64
	}
	return i32
}
