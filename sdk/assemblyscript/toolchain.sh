# Sourced by scripts that compile AssemblyScript.

# with_asc SDK sets asc to the compiler that is installed in the folder SDK, if it
# runs. Otherwise the script ends with status 127.
with_asc() {
    asc=$1/node_modules/assemblyscript/bin/asc.js
    node "$asc" --version >/dev/null 2>&1 && return
    echo "asc is missing: apt install nodejs npm, npm ci --prefix sdk/assemblyscript" >&2
    exit 127
}
