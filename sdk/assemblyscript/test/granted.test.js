import assert from "node:assert/strict";
import test from "node:test";
import { Fake, Plugin } from "../fake/fake.js";
import { compile } from "./compile.js";

const granted = new Plugin(await compile("granted"));

test("the store keeps, adds and forgets", () => {
  const fake = new Fake({ env: { HOME: "/home" } });
  granted.call(fake);
  assert.deepEqual(Object.fromEntries(fake.requestHeader), {
    Absent: "true", A: "1", First: "true false", Sum: "1 -4", Home: "/home", Unset: "true",
  });
  assert.deepEqual(fake.kv, { b: "x", n: "-4" });
});

test("a value that grows while it is read is read whole", () => {
  const sizes = [5_000, 50_000];
  const fake = new Fake();
  fake.kv = { get a() { return "x".repeat(sizes.shift() ?? 100_000); }, set a(value) {} };
  granted.call(fake);
  assert.equal(fake.requestHeader.find((field) => field[0] === "A")[1].length, 100_000);
});

test("a store that does not answer ends the hook", () => {
  const fake = new Fake({ kv: null });
  assert.throws(() => granted.call(fake), WebAssembly.RuntimeError);
  assert.deepEqual(fake.logs, [[3, "kv_get: not available"]]);
});

test("another server is asked", () => {
  let asked;
  const body = "b".repeat(50_000);
  const fake = new Fake({
    hook: "auth",
    config: { idp: "https://idp.example/introspect" },
    uri: "/token",
    http: (request) => {
      asked = request;
      return { status: 201, header: [["Content-Type", "a/b"], ["Empty", ""]], body };
    },
  });
  assert.equal(granted.call(fake), 1);
  assert.deepEqual({ ...asked, body: asked.body.toString() }, {
    method: "POST",
    url: "https://idp.example/introspect",
    header: [["Content-Type", "text/plain"], ["X-Empty", ""]],
    body: "/token",
  });
  assert.deepEqual(fake.requestHeader, [["Names", "Content-Type=a/b Empty= "], ["Kind", "a/b"], ["None", "true"]]);
  assert.equal(fake.status, 201);
  assert.equal(fake.replyBody.toString(), body);
});

test("the plugin decides what follows when another server does not answer", () => {
  const fake = new Fake({ hook: "auth" });
  assert.equal(granted.call(fake), 1);
  assert.equal(fake.status, 502);
  assert.equal(fake.replyBody.toString(), "-9");
});

test("counters and gauges have labels", () => {
  const fake = new Fake({ hook: "post", api: { id: "gold" } });
  granted.call(fake);
  assert.deepEqual(fake.metrics, [
    ["add", "seen", [], 1],
    ["set", "load", [["tier", "gold"], ["zone", "eu"]], 0.5],
  ]);
});
