package wasm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// wasi returns what the instance sees of the world: clocks that tell the
// time, secure random bytes, and an output that is logged. There are no
// arguments, no environment, no files and no sockets. The module is anonymous,
// so that no other can import it.
func (i *instance) wasi() wazero.ModuleConfig {
	return wazero.NewModuleConfig().
		WithName("").
		WithStartFunctions().
		WithSysWalltime().
		WithSysNanotime().
		WithNanosleep(i.interrupt.sleep).
		WithRandSource(&i.interrupt).
		WithStdout(i.out).
		WithStderr(i.out)
}

// linkWASI reports whether a WASI function may be imported. Those for files
// may be linked, because language runtimes import them without need. They answer
// EBADF, because only the three standard descriptors exist.
func linkWASI(def api.FunctionDefinition) error {
	_, name, _ := def.Import()
	if strings.HasPrefix(name, "sock_") && name != "sock_accept" && name != "sock_shutdown" {
		return errNotGranted
	}
	if !slices.Contains(wasiFunctions(), name) {
		return errUnknownFunction
	}
	return nil
}

var (
	errNotGranted      = errors.New("not granted")
	errUnknownFunction = errors.New("unknown function")
)

// wasiFunctions are the functions of preview 1 that may be imported.
func wasiFunctions() []string {
	return strings.Fields(`
		args_get args_sizes_get environ_get environ_sizes_get
		clock_res_get clock_time_get random_get
		poll_oneoff sched_yield proc_exit
		fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get
		fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get
		fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_get
		fd_prestat_dir_name fd_pwrite fd_read fd_readdir fd_renumber fd_seek
		fd_sync fd_tell fd_write
		path_create_directory path_filestat_get path_filestat_set_times
		path_link path_open path_readlink path_remove_directory path_rename
		path_symlink path_unlink_file
		sock_accept sock_shutdown`)
}

// instantiateWASI makes the WASI module. It replaces the functions that change
// descriptors, because a reset would not undo that.
func instantiateWASI(ctx context.Context, r wazero.Runtime) error {
	i32 := []api.ValueType{api.ValueTypeI32}
	b := r.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	for name, params := range map[string]int{"fd_close": 1, "fd_fdstat_set_flags": 2, "fd_renumber": 2} {
		b.NewFunctionBuilder().
			WithGoModuleFunction(api.GoModuleFunc(keepDescriptors), slices.Repeat(i32, params), i32).
			Export(name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return fmt.Errorf("link WASI: %w", err)
	}
	return nil
}

// errnoBadFile is the errno badf of preview 1.
const errnoBadFile = 8

// keepDescriptors does nothing, successfully, with the standard descriptors.
func keepDescriptors(_ context.Context, _ api.Module, stack []uint64) {
	if api.DecodeU32(stack[0]) > 2 {
		stack[0] = errnoBadFile
		return
	}
	stack[0] = 0
}
