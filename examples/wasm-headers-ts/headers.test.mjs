import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Fake, Plugin } from "../../sdk/assemblyscript/fake/fake.js";

const module = new WebAssembly.Module(readFileSync(new URL("headers.wasm", import.meta.url)));

function play(...requestHeader) {
  const fake = new Fake({ requestHeader });
  return { fake, verdict: new Plugin(module).call(fake) };
}

test("tags the request", () => {
  const { fake, verdict } = play(["Authorization", "Bearer acme.secret"], ["User-Agent", "curl/8"], ["X-Debug", "1"]);
  assert.equal(verdict, 0);
  assert.deepEqual(fake.requestHeader, [
    ["Authorization", "Bearer acme.secret"],
    ["User-Agent", "curl/8"],
    ["X-Tenant", "acme"],
    ["X-Agent", "curl/8"],
  ]);
});

test("takes any token without a dot as a tenant, and no token as none", () => {
  assert.deepEqual(play(["Authorization", "Bearer acme"]).fake.requestHeader[1], ["X-Tenant", "acme"]);
  assert.deepEqual(play(["Authorization", "Bearer"]).fake.requestHeader[1], ["X-Tenant", ""]);
});

test("answers without authorization", () => {
  const { fake, verdict } = play(["User-Agent", "curl/8"]);
  assert.equal(verdict, 1);
  assert.equal(fake.status, 401);
  assert.equal(fake.replyBody.toString(), '{"error":"authorization required"}');
});
