// The four hooks of the benchmark in AssemblyScript.
import { Exchange, Value, Verdict, kv, run } from "../../../../../sdk/assemblyscript";

export function sallyport_pre(): Verdict {
  return run(headers);
}
export function sallyport_post(): Verdict {
  return run(json);
}
export function sallyport_auth(): Verdict {
  return run(auth);
}
export function sallyport_response(): Verdict {
  return run(rewrite);
}

// tokenOf returns what follows the scheme in "Bearer TENANT.SECRET".
function tokenOf(authorization: Value): Value {
  const space = authorization.indexOf(" ");
  return authorization.slice(space < 0 ? authorization.length : space + 1);
}

// The header hook: two fields read, two set, one removed.
function headers(x: Exchange): Verdict {
  const h = x.request.header;
  const authorization = h.get("Authorization");
  if (authorization === null) return x.answer(401, '{"error":"no key"}');
  const token = tokenOf(authorization);
  const dot = token.indexOf(".");
  h.set("X-Tenant", dot < 0 ? token : token.slice(0, dot));
  h.set("X-Agent", h.get("User-Agent"));
  h.del("X-Debug");
  return Verdict.Continue;
}

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const COLON: u8 = 0x3a;

function byteAt(s: Value, i: i32): u8 {
  return i < s.length ? load<u8>(s.start + <usize>i) : 0;
}

function isSpace(c: u8): bool {
  return c == 0x20 || c == 0x0a || c == 0x0d || c == 0x09;
}

function skipSpace(s: Value, i: i32): i32 {
  while (isSpace(byteAt(s, i))) i++;
  return i;
}

// textEnd returns where the text that begins before i ends: at its quote.
function textEnd(s: Value, i: i32): i32 {
  while (i < s.length && byteAt(s, i) != QUOTE) i += byteAt(s, i) == BACKSLASH ? 2 : 1;
  return min(i, s.length);
}

// member finds the text of a member of a JSON object, not of one inside it.
function member(json: Value, name: Value): Value | null {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const c = byteAt(json, i);
    if (c == 0x7b || c == 0x5b) depth++;
    else if (c == 0x7d || c == 0x5d) depth--;
    if (c != QUOTE) continue;
    const from = i + 1;
    i = textEnd(json, from);
    if (depth != 1 || i - from != name.length) continue;
    if (memory.compare(json.start + <usize>from, name.start, name.length) != 0) continue;
    const colon = skipSpace(json, i + 1);
    if (byteAt(json, colon) != COLON) continue; // the text was a value
    const value = skipSpace(json, colon + 1);
    if (byteAt(json, value) != QUOTE) return null;
    return json.slice(value + 1, textEnd(json, value + 1));
  }
  return null;
}

// The JSON hook: a body read, one member changed, two fields set.
function json(x: Exchange): Verdict {
  const body = x.request.body();
  const id = member(body, Value.of("id"));
  const status = member(body, Value.of("status"));
  if (id === null || status === null) return x.answer(400, '{"error":"no id or status"}');
  x.request.header.set("X-Order", id);
  x.request.header.set("X-Status", status);
  x.request.spliceBody(<u32>(status.start - body.start), status.length, "seen");
  return Verdict.Continue;
}

// The runtime of this module never frees, and pooled instances live on: text is
// put together here.
const joined = new StaticArray<u8>(1024);

function concat(head: string, middle: Value, tail: string): Value {
  const start = changetype<usize>(joined);
  const h = Value.of(head), t = Value.of(tail);
  const n = h.length + middle.length + t.length;
  assert(n <= joined.length, "too long");
  memory.copy(start, h.start, h.length);
  memory.copy(start + <usize>h.length, middle.start, middle.length);
  memory.copy(start + <usize>(h.length + middle.length), t.start, t.length);
  return Value.at(start, n);
}

// The auth hook: the tenant of the key is looked up in the store.
function auth(x: Exchange): Verdict {
  const authorization = x.request.header.get("Authorization");
  if (authorization === null) return x.answer(401, '{"error":"unknown key"}');
  const tenant = kv.get(concat("bench:", tokenOf(authorization), ""));
  if (tenant === null) return x.answer(401, '{"error":"unknown key"}');
  x.session.set(concat('{"key_id":"', tenant, '"}'));
  x.request.header.set("X-Tenant", tenant);
  return Verdict.Continue;
}

// The rewrite of the response: one field set, one removed, one member of the
// body changed.
function rewrite(x: Exchange): Verdict {
  x.reply.header.set("X-Rewritten", "1");
  x.reply.header.del("X-Powered-By");
  const body = x.reply.body();
  const status = member(body, Value.of("status"));
  if (status !== null) x.reply.spliceBody(<u32>(status.start - body.start), status.length, "seen");
  return Verdict.Continue;
}
