// Handlers written for Tyk's coprocess object, as its gRPC plugins are:
//
//   plugin.hook('legacy', tykDeclaration('pre'), tyk((object) => {
//     object.request.set_headers['X-From'] = 'node';
//     return object;
//   }));

import { edits } from './result.js';

const HOOK_TYPES = {
  pre: 'Pre', post: 'Post', post_key_auth: 'PostKeyAuth', auth: 'CustomKeyCheck', response: 'Response',
};
const REQUEST_PARTS = ['headers', 'query', 'path', 'method', 'body', 'session'];

// tykDeclaration returns what a handler of Tyk's object declares for a hook.
export function tykDeclaration(hook) {
  if (!HOOK_TYPES[hook]) throw new TypeError(`Tyk has no hook ${hook}`);
  return { hooks: [hook], body: 'utf8', writes: hook === 'response' ? ['headers', 'body', 'status'] : REQUEST_PARTS };
}

// tyk makes a handler of a function that takes Tyk's object and returns it.
export function tyk(dispatch) {
  return async (call) => {
    const object = objectOf(call);
    const before = { ...object.metadata };
    const returned = (await dispatch(object)) ?? object;
    return call.hook === 'response' ? replyOf(call, returned) : requestOf(call, returned, before);
  };
}

function objectOf(call) {
  const object = {
    hook_type: HOOK_TYPES[call.hook] ?? 'Unknown',
    hook_name: call.params.hook_name,
    request: requestView(call.request),
    session: call.session ?? (call.hook === 'auth' ? {} : null),
    metadata: strings(call.session?.metadata),
    spec: { OrgID: call.api.org_id, APIID: call.api.id, bundle_hash: '' },
  };
  const { config } = call.api;
  if (config && Object.keys(config).length > 0) object.spec.config_data = JSON.stringify(config);
  if (call.response) object.response = replyView(call.response);
  return object;
}

function requestView(message) {
  const query = new URLSearchParams(message.url.split('?')[1] ?? '');
  return {
    headers: { Host: message.host, ...first(message.headers) },
    set_headers: {},
    delete_headers: [],
    body: text(message.body),
    raw_body: message.body,
    url: message.url,
    params: Object.fromEntries([...query].reverse()), // the first of a name wins
    add_params: {},
    extended_params: {},
    delete_params: [],
    return_overrides: { response_code: -1, response_error: '', response_body: '', headers: {}, override_error: false },
    method: message.method,
    request_uri: message.url,
    scheme: message.scheme,
  };
}

function replyView(message) {
  return {
    status_code: message.status,
    body: text(message.body),
    raw_body: message.body,
    headers: first(message.headers),
    multivalue_headers: [...all(message.headers)].map(([key, values]) => ({ key, values })),
  };
}

function requestOf(call, object, before) {
  const result = { action: 'continue', request: requestEdits(call.request, object.request) };
  const overrides = overridesOf(object.request.return_overrides);
  if (overrides) {
    result.action = 'respond';
    result.request.return_overrides = overrides;
  } else if (call.hook === 'auth') {
    admit(result, object);
  } else if (!same(before, object.metadata)) {
    result.session = { metadata: merged(object) };
  }
  return result;
}

// admit turns Tyk's convention, a session and a token, into a verdict.
function admit(result, { session, metadata }) {
  if (!session || !metadata.token) {
    result.action = 'deny';
    result.request.return_overrides = { response_code: 403, response_error: 'Forbidden' };
    return;
  }
  result.action = 'allow';
  result.session = { ...session, key_id: metadata.token, metadata: merged({ session, metadata }) };
}

// merged returns the session's metadata with what changed; the rest keeps its
// type.
function merged({ session, metadata }) {
  const known = strings(session?.metadata);
  const changed = Object.entries(metadata).filter(([name, value]) => known[name] !== value);
  return { ...session?.metadata, ...Object.fromEntries(changed) };
}

// requestEdits returns what differs. Of the body only raw_body is read back.
function requestEdits(message, changed) {
  const changes = { set_headers: changed.set_headers, delete_headers: changed.delete_headers };
  if (changed.url !== message.url) changes.url = changed.url;
  if (changed.method !== message.method) changes.method = changed.method;
  if (changed.delete_params.length > 0) changes.delete_params = changed.delete_params;
  if (Object.keys(changed.add_params).length > 0) changes.add_params = changed.add_params;
  const body = Buffer.from(changed.raw_body);
  if (!body.equals(message.body)) changes.body = body;
  return edits(changes);
}

function overridesOf({ response_code: code, response_error: error, response_body: body, headers, override_error: verbatim }) {
  if (code <= 0) return undefined;
  const shape = { response_code: code, headers, override_error: verbatim };
  if (code >= 400 && !verbatim) return { ...shape, response_error: error || body || 'Key not authorised' };
  return { ...shape, response_body: body || error };
}

function replyOf(call, { response }) {
  const old = call.response;
  const changes = replyHeaders(old.headers, response.headers, response.multivalue_headers);
  if (response.status_code !== old.status) changes.status = response.status_code;
  const body = Buffer.from(response.raw_body);
  if (!body.equals(old.body)) changes.body = body;
  return { action: 'continue', response: edits(changes) };
}

// replyHeaders merges both views of a reply's header as Tyk does:
// multivalue_headers hold; in headers a new value replaces the first, new
// names are added and missing ones removed.
function replyHeaders(old, firsts, multi) {
  const was = first(old);
  const before = all(old);
  const after = new Map(multi.map(({ key, values }) => [key, [...values]]));
  for (const [name, value] of Object.entries(firsts)) {
    if (was[name] !== value) after.set(name, [value, ...(after.get(name) ?? []).slice(1)]);
  }
  for (const name of Object.keys(was)) if (!(name in firsts)) after.delete(name);
  return {
    set_headers: Object.fromEntries(
      [...after].filter(([name, values]) => values.length > 0 && !same(values, before.get(name))),
    ),
    delete_headers: [...before.keys()].filter((name) => !after.get(name)?.length),
  };
}

function all(fields) {
  const out = new Map();
  for (const [name, value] of fields) {
    const key = canonical(name);
    out.set(key, [...(out.get(key) ?? []), value.toString('latin1')]);
  }
  return out;
}

const first = (fields) => Object.fromEntries([...all(fields)].map(([name, values]) => [name, values[0]]));
const canonical = (name) => name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// strings returns metadata as Tyk has it: what is not text is JSON.
function strings(metadata = {}) {
  const asText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, asText(value)]));
}

// text returns a body as text, or nothing if it is not UTF-8.
function text(body) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return '';
  }
}
