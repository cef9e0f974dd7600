import assert from "node:assert/strict";
import test from "node:test";
import { Fake, Plugin } from "../fake/fake.js";
import { compile } from "./compile.js";

const long = "x".repeat(100_000);

function request() {
  return new Fake({ uri: "/small", requestBody: Buffer.from(long), requestHeader: [["Long", long]] });
}

test("values outlive the growth of the buffer", async () => {
  const fake = request();
  new Plugin(await compile("large")).call(fake);
  assert.deepEqual(fake.requestHeader.slice(1).map((f) => f[1].length), [long.length, "/small".length]);
  assert.equal(fake.requestHeader.at(-1)[1], "/small");
});

test("a warm instance needs no more memory, however many hooks it runs", async () => {
  for (const runtime of ["stub", "incremental"]) {
    const plugin = new Plugin(await compile("large", "--runtime", runtime));
    plugin.call(request());
    plugin.call(request());
    const warm = plugin.memory;
    for (let i = 0; i < 200; i++) plugin.call(request());
    assert.equal(plugin.memory, warm, runtime);
  }
});

test("a value is asked for once if it fits and twice if it does not", async () => {
  const plugin = new Plugin(await compile("values"));
  const gets = () => {
    const fake = new Fake({ requestHeader: [["Op", "length"], ["A", long]] });
    plugin.call(fake);
    return fake.calls.filter((name) => name === "header_get").length;
  };
  assert.equal(gets(), 4);
  assert.equal(gets(), 3);
});

test("hooks that use strings stay flat with the collector", async () => {
  const plugin = new Plugin(await compile("tour", "--runtime", "incremental"));
  const call = () => plugin.call(new Fake({ requestHeader: [["A", "1"], ["B", "2"]] }));
  for (let i = 0; i < 1000; i++) call();
  const warm = plugin.memory;
  for (let i = 0; i < 5000; i++) call();
  assert.equal(plugin.memory, warm);
});
