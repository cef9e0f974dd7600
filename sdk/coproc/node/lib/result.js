// What a handler returns: only what changes. A handler may also return the
// object of the protocol itself, with `action` and the rest.

import * as buffer from 'node:buffer';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// isUTF8 is newer than the oldest Node.js that is supported.
const isUTF8 = buffer.isUtf8 ?? ((bytes) => {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
});

// edit lets the request go on with changes.
export function edit({ meta, metadata, ...changes } = {}) {
  const result = { action: 'continue', meta };
  if (Object.keys(changes).length > 0) result.request = edits(changes);
  if (metadata !== undefined) result.session = { metadata };
  return result;
}

// editReply changes the reply, in the hook response.
export function editReply({ meta, ...changes }) {
  return { action: 'continue', response: edits(changes), meta };
}

// respond answers the client instead of the upstream.
export function respond(status, body = '', headers = {}) {
  return { action: 'respond', response: edits({ status, set_headers: headers, body }) };
}

// refuse answers with an error of the gateway's shape.
export function refuse(status, text, headers = {}) {
  return { action: 'respond', request: { return_overrides: { response_code: status, response_error: text, headers } } };
}

// allow lets the caller in, in auth. key_id of the session names the key. The
// gateway may use the answer again for so many milliseconds, if the handler is
// declared to be cacheable.
export function allow(session, { cache_ttl_ms, ...changes } = {}) {
  return { ...edit(changes), action: 'allow', session, cache_ttl_ms };
}

// deny refuses the caller, in auth; without arguments in the gateway's words.
export function deny(status = 403, text = '') {
  if (status === 403 && text === '') return { action: 'deny' };
  return { action: 'deny', request: { return_overrides: { response_code: status, response_error: text } } };
}

const plain = new Set(['url', 'delete_params', 'add_params', 'extended_params', 'method', 'host']);

// edits returns edits as the protocol has them.
export function edits({
  status, set_headers: sets = {}, add_headers: adds = [], delete_headers: deletes = [], body, ...rest
}) {
  for (const name of Object.keys(rest)) {
    if (!plain.has(name)) throw new TypeError(`unknown change: ${name}`);
  }
  const out = { ...rest };
  if (status !== undefined) out.status_code = status;
  putHeaders(out, sets, [...adds], [...deletes]);
  if (body !== undefined) putBody(out, body);
  return out;
}

// putHeaders adds header edits. Only added fields may hold bytes that are not
// UTF-8.
function putHeaders(out, sets, adds, deletes) {
  const texts = {};
  for (const [name, value] of Object.entries(sets)) {
    const values = [value].flat().map(text);
    if (values.every((v) => typeof v === 'string')) {
      texts[name] = Array.isArray(value) ? values : values[0];
    } else {
      deletes.push(name);
      for (const v of values) adds.push([name, v]);
    }
  }
  if (deletes.length > 0) out.delete_headers = deletes;
  if (Object.keys(texts).length > 0) out.set_headers = texts;
  if (adds.length > 0) out.add_headers = adds.map(pair);
}

function pair([name, value]) {
  const v = text(value);
  return typeof v === 'string' ? [name, v] : [name, null, v.toString('base64')];
}

// text returns a value as text, if it is.
function text(value) {
  if (typeof value === 'string') return value;
  const bytes = Buffer.from(value);
  return isUTF8(bytes) ? bytes.toString() : bytes;
}

// putBody sets the body in the form that costs least.
export function putBody(out, body) {
  const value = text(body);
  delete out.body;
  delete out.raw_body;
  if (typeof value === 'string') out.body = value;
  else out.raw_body = value.toString('base64');
}
