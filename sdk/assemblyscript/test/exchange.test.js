import assert from "node:assert/strict";
import test from "node:test";
import { Fake, Plugin } from "../fake/fake.js";
import { compile } from "./compile.js";

const [hello, body, splice, tour] = await Promise.all(["hello", "body", "splice", "tour"].map((name) => compile(name)));

function play(module, fields) {
  const fake = new Fake(fields);
  return { fake, verdict: new Plugin(module).call(fake) };
}

test("the hello plugin tags requests and answers strangers", () => {
  const known = play(hello, { requestHeader: [["authorization", "x"]] });
  assert.equal(known.verdict, 0);
  assert.deepEqual(known.fake.requestHeader, [["authorization", "x"], ["X-Tenant", "acme"]]);
  const stranger = play(hello);
  assert.equal(stranger.verdict, 1);
  assert.equal(stranger.fake.status, 401);
  assert.equal(stranger.fake.replyBody.toString(), "who are you?");
});

test("lists keep their order, and fields are edited by name", () => {
  const { fake } = play(tour, { requestHeader: [["A", "1"], ["B", ""], ["a", "2"]] });
  assert.deepEqual(fake.replyHeader, [
    ["All", "A=1 B= a=2 "],
    ["Names", "A B "],
    ["Values", "1 2 "],
    ["None", "0"],
    ["Backwards", "BA"],
  ]);
  assert.deepEqual(fake.requestHeader, [["B", ""], ["B", "1"], ["C", ""]]);
});

test("session, metadata, meta and configuration are read and written", () => {
  const { fake } = play(tour, {
    hook: "auth",
    config: { issuer: "https://idp" },
    api: { id: "a1", name: "orders", orgID: "o1", listenPath: "/orders/", config: { tier: "gold" } },
  });
  assert.deepEqual(fake.session, { key_id: "k1", alias: "ann", rate: 5, meta_data: { plan: "pro" } });
  assert.deepEqual(fake.meta, { seen: "1" });
  assert.deepEqual(Object.fromEntries(fake.requestHeader), {
    "Before": "none", "Alias": "ann", "Rate": "5", "Plan": "pro", "Seen": "1", "Meta": "none",
    "Issuer": "https://idp", "Tier": "gold", "Api": "a1", "Api-Name": "orders", "Org": "o1", "Listen": "/orders/",
  });
});

test("the request line is read and written", () => {
  const { fake } = play(tour, { hook: "post", method: "POST", uri: "/orders?a=%20", host: "shop.example" });
  assert.deepEqual(fake.requestHeader, [
    ["Line", "POST /orders?a=%20 HTTP/1.1"],
    ["From", "192.0.2.1:1234 http 1"],
    ["Was", "shop.example"],
  ]);
  assert.deepEqual(fake.request.slice(0, 3), ["PUT", "/changed", "other.example"]);
  assert.equal(fake.requestBody.toString(), "body");
});

test("clock, deadline, randomness and log are the host's", () => {
  const { fake } = play(tour, { hook: "post_key_auth", timeLeft: 42n });
  assert.deepEqual(fake.requestHeader, [["Clock", "runs"], ["Left", "42"], ["Random", "true"]]);
  assert.deepEqual(fake.logs, [[2, "look out"], [1, "/"]]);
});

test("the reply is edited in the response hook", () => {
  const { fake } = play(tour, { hook: "response", status: 200 });
  assert.equal(fake.status, 201);
  assert.deepEqual(fake.replyHeader, [["Was", "200"]]);
  assert.equal(fake.replyBody.toString(), "aa");
});

test("the event hook is told what happened", () => {
  const { fake } = play(tour, { hook: "event", notice: { name: "AuthFailure", data: { path: "/" } } });
  assert.deepEqual(fake.logs, [[1, 'AuthFailure {"path":"/"}']]);
});

test("bodies are read, replaced and spliced", () => {
  for (const text of ["", "hello", "x".repeat(100_000)]) {
    const { fake } = play(body, { requestBody: Buffer.from(text) });
    assert.deepEqual(fake.requestHeader, [["X-Length", `${text.length}`], ["X-Echo", text]]);
  }
  assert.equal(play(body, { hook: "response" }).fake.replyBody.toString(), "replaced");
  assert.equal(play(splice, { requestBody: Buffer.from("hello") }).fake.requestBody.toString(), "hippo!");
  assert.equal(play(splice, { hook: "response", replyBody: Buffer.from("not") }).fake.replyBody.toString(), "ot");
});
