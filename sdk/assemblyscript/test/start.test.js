import assert from "node:assert/strict";
import test from "node:test";
import { Fake, Plugin } from "../fake/fake.js";
import { compile } from "./compile.js";

const start = await compile("start");

test("values that were read outside of hooks stay", () => {
  for (const size of [10, 100_000]) {
    const issuer = "i".repeat(size);
    const plugin = new Plugin(start, { config: { issuer }, env: { REGION: "eu" } });
    assert.deepEqual(plugin.logs, [[1, "started"]]);
    for (const uri of ["/first", "/second", `/${"x".repeat(200_000)}`, "/last"]) {
      const fake = new Fake({ uri });
      plugin.call(fake);
      assert.deepEqual(fake.requestHeader, [["Uri", uri], ["Issuer", issuer], ["Region", "eu"]]);
    }
  }
});
