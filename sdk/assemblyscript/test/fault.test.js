import assert from "node:assert/strict";
import test from "node:test";
import { Fake, Plugin } from "../fake/fake.js";
import { compile } from "./compile.js";

const faults = await compile("faults");

function fails(fields) {
  const fake = new Fake(fields);
  assert.throws(() => new Plugin(faults).call(fake), WebAssembly.RuntimeError);
  assert.equal(fake.logs.length, 1);
  assert.equal(fake.logs[0][0], 3);
  return fake.logs[0][1];
}

test("what the language throws is logged with its place, and traps", () => {
  assert.match(fails({ uri: "/throw" }), /^told to fail \(test\/guests\/faults\.ts:\d+:\d+\)$/);
  assert.match(fails({ uri: "/assert" }), /^not so \(/);
  assert.match(fails({ uri: "/index" }), /^index outside of the value \(/);
  assert.match(fails({ uri: "/list" }), /^index outside of the list \(/);
});

test("a long message is cut at a character", () => {
  const line = fails({ uri: "/long" });
  assert.ok(Buffer.from(line).length <= 1024);
  assert.match(line, /^é+/);
});

test("what the gateway refuses is logged with its reason, and traps", () => {
  assert.equal(fails({ uri: "/status" }), "reply_set_status: invalid argument");
  assert.equal(fails({ uri: "/answer" }), "reply_answer: invalid argument");
  assert.equal(fails({ uri: "/body", requestBody: null }), "request_body_size: body was not buffered");
  assert.equal(fails({ uri: "/session" }), "session_set: cannot be edited in this hook");
  assert.equal(fails({ uri: "/notice" }), "notice_get: not found");
  assert.equal(fails({ hook: "response" }), "header_set: cannot be edited in this hook");
});

test("an instance answers the next request after a fault", () => {
  const plugin = new Plugin(faults);
  assert.throws(() => plugin.call(new Fake({ uri: "/throw" })));
  assert.equal(plugin.call(new Fake({ uri: "/" })), 0);
});
