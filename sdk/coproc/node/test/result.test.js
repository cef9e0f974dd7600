import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message, allow, deny, edit, editReply, refuse, respond } from '../index.js';

// wire returns a result as it is sent.
const wire = (result) => JSON.parse(JSON.stringify(result));

test('results say what they mean', () => {
  for (const [got, want] of [
    [edit(), { action: 'continue' }],
    [edit({ set_headers: { A: '1' }, delete_headers: ['B'], meta: { m: '1' } }),
      { action: 'continue', request: { delete_headers: ['B'], set_headers: { A: '1' } }, meta: { m: '1' } }],
    [edit({ metadata: { plan: 1 } }), { action: 'continue', session: { metadata: { plan: 1 } } }],
    [editReply({ status: 201, body: 'ok' }), { action: 'continue', response: { status_code: 201, body: 'ok' } }],
    [respond(200, Buffer.from([255])), { action: 'respond', response: { status_code: 200, raw_body: '/w==' } }],
    [allow({ key_id: 'k' }), { action: 'allow', session: { key_id: 'k' } }],
    [allow({}, { cache_ttl_ms: 1500 }), { action: 'allow', session: {}, cache_ttl_ms: 1500 }],
    [deny(), { action: 'deny' }],
    [refuse(429, 'slow down'), { action: 'respond', request: { return_overrides: { response_code: 429, response_error: 'slow down', headers: {} } } }],
  ]) assert.deepEqual(wire(got), want);
});

test('an unknown change is an error', () => {
  assert.throws(() => edit({ set_header: {} }), TypeError);
});

test('bytes in headers survive', () => {
  const value = new Message({ header_list: [['X', null, '/w==']] }).header('x');
  assert.deepEqual(wire(edit({ set_headers: { Y: value } })).request, { delete_headers: ['Y'], add_headers: [['Y', null, '/w==']] });
});
