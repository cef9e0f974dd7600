import assert from "node:assert/strict";
import test from "node:test";
import { build, compile, imports } from "./compile.js";

test("only what is used is imported", async () => {
  assert.deepEqual(imports(await compile("quiet")), []);
  assert.deepEqual(imports(await compile("hello")), [
    "sallyport.header_get", "sallyport.header_set", "sallyport.log", "sallyport.reply_answer",
  ]);
});

test("bodies are declared by those who read them", async () => {
  assert.deepEqual(imports(await compile("body")).filter((name) => name.includes("body")), [
    "sallyport.reply_body_set", "sallyport.request_body_read", "sallyport.request_body_size",
  ]);
  assert.deepEqual(imports(await compile("splice")).filter((name) => name.includes("body")), [
    "sallyport.reply_body_read", "sallyport.reply_body_size", "sallyport.reply_body_splice",
    "sallyport.request_body_splice",
  ]);
});

test("every import is one of the gateway's, with every runtime of the language", async () => {
  for (const runtime of ["stub", "minimal", "incremental"]) {
    const module = await compile("tour", "--runtime", runtime);
    assert.ok(imports(module).every((name) => name.startsWith("sallyport.")), imports(module).join());
  }
});

test("the hooks are all that is exported, besides memory and start", async () => {
  const names = WebAssembly.Module.exports(await compile("hello")).map((e) => e.name).sort();
  assert.deepEqual(names, ["_initialize", "memory", "sallyport_pre"]);
});

test("what is not made of bytes does not compile", async () => {
  const { error, stderr } = await build("wrong");
  assert.ok(error);
  assert.match(stderr.toString(), /not a string, Value, ArrayBuffer, Uint8Array or StaticArray<u8>/);
});
