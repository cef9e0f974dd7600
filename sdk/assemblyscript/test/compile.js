import asc from "assemblyscript/asc";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Compiles a guest of this folder with the options of the SDK and some more; warnings are errors. */
export async function compile(name, ...options) {
  const result = await build(name, ...options);
  if (result.error || result.stderr.toString() !== "") throw new Error(`${name}: ${result.stderr.toString()}`);
  return new WebAssembly.Module(result.binary);
}

/** Like compile, and returns what the compiler returned. */
export async function build(name, ...options) {
  let binary = null;
  const result = await asc.main(
    [`test/guests/${name}.ts`, "--baseDir", root, "--config", "asconfig.json", "-o", "guest.wasm", ...options],
    { writeFile: (file, data) => { if (file.endsWith(".wasm")) binary = data; } },
  );
  return { ...result, binary };
}

/** The names of the functions that a module imports. */
export function imports(module) {
  return WebAssembly.Module.imports(module).map((i) => `${i.module}.${i.name}`).sort();
}
