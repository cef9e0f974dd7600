# Sourced by scripts that compile C: finds a compiler that works. One without its
# linker or its libraries counts as missing, and the script ends with status 127.

# with_cc [FLAG…] sets cc to $CC or cc, if programs that it makes with the flags
# run on this machine.
with_cc() {
    cc=${CC:-cc}
    probe=$(mktemp)
    if echo 'int main(void) { return 0; }' | "$cc" "$@" -x c -o "$probe" - 2>/dev/null && "$probe"; then
        rm -f "$probe"
        return
    fi
    rm -f "$probe"
    echo "$cc $* is missing or incomplete: apt install gcc libc6-dev clang-19 libclang-rt-19-dev" >&2
    exit 127
}

# with_wasm_clang FLAG… sets cc to $WASM_CC or clang-19, if it makes a WebAssembly
# module with the flags.
with_wasm_clang() {
    cc=${WASM_CC:-clang-19}
    echo 'void f(void) {}' | "$cc" "$@" -x c -o /dev/null - 2>/dev/null && return
    echo "$cc is missing or incomplete: apt install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32" >&2
    exit 127
}
