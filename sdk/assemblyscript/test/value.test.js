import assert from "node:assert/strict";
import test from "node:test";
import { Fake, Plugin } from "../fake/fake.js";
import { compile } from "./compile.js";

const values = new Plugin(await compile("values"));

function apply(op, a, b = "") {
  const fake = new Fake({ requestHeader: [["Op", op], ["A", a], ["B", b]] });
  values.call(fake);
  return fake.replyBody.toString();
}

test("values are measured in bytes", () => {
  assert.equal(apply("length", ""), "0");
  assert.equal(apply("length", "é"), "2");
  assert.equal(apply("at", "é", "1"), "169");
});

test("values are compared with values and strings", () => {
  assert.equal(apply("is", "", ""), "true true");
  assert.equal(apply("is", "é😀", "é😀"), "true true");
  assert.equal(apply("is", "ab", "ac"), "false false");
  assert.equal(apply("is", "ab", "abc"), "false false");
});

test("values are searched", () => {
  for (const [a, b] of [["a.b.c", "."], ["abc", "bc"], ["abc", "bd"], ["abc", ""], ["", "a"], ["ab", "abc"]]) {
    assert.equal(apply("indexOf", a, b), String(a.indexOf(b)), `${a} ${b}`);
  }
});

test("slices are cut to the value", () => {
  for (const [b, want] of [["1,3", "bc"], ["0,99", "abcd"], ["-5,1", "a"], ["3,1", ""], ["9,12", ""]]) {
    assert.equal(apply("slice", "abcd", b), want, b);
  }
});

test("copies live on their own", () => {
  assert.equal(apply("copy", "abc"), "abc");
  assert.equal(apply("copy", ""), "");
});

test("text is decoded and encoded as the platform does", () => {
  const parts = [0x61, 0x2e, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff];
  for (const a of parts) {
    for (const b of parts) {
      for (const c of parts) {
        for (const tail of [[], [0x80], [0x80, 0x2e]]) {
          const bytes = Uint8Array.from([a, b, c, ...tail]);
          assert.equal(apply("toString", bytes), new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), bytes.join());
        }
      }
    }
  }
  assert.equal(apply("toString", "é€😀\u{10ffff}\ud7ff\ue000"), "é€😀\u{10ffff}\ud7ff\ue000");
  assert.equal(apply("half", ""), "\ufffd!\ufffd");
});
