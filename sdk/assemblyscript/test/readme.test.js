import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

test("the readme shows the plugin that is tested", () => {
  const text = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
  const shown = /```ts\n([^]*?)```/.exec(text("../README.md"))[1];
  assert.equal(shown.replace("@sallyport/assemblyscript", "../../index"), text("guests/hello.ts"));
});
