# Sourced by scripts that compile Rust: finds a compiler.

# with_target TARGET sets rustc to a compiler that has the target: $RUSTC, the
# first in PATH, or the one of the system. A compiler that an author installed
# may come first in PATH and not have it.
with_target() {
    for rustc in "${RUSTC:-}" rustc /usr/bin/rustc; do
        [ -n "$rustc" ] && command -v "$rustc" >/dev/null || continue
        [ -d "$("$rustc" --print sysroot)/lib/rustlib/$1/lib" ] && return
    done
    echo "rustc with target $1 is missing: apt install rustc libstd-rust-dev-wasm32 lld-14" >&2
    exit 127
}

# with_linker sets linker to the flags that name a linker for WebAssembly, if
# the compiler does not bring one.
with_linker() {
    linker=
    find "$("$rustc" --print sysroot)/lib/rustlib" -name rust-lld 2>/dev/null | grep -q . && return
    for ld in wasm-ld-14 wasm-ld-19 wasm-ld; do
        command -v "$ld" >/dev/null && linker="-C linker=$ld" && return
    done
    echo "wasm-ld is missing: apt install lld-14" >&2
    exit 127
}
