import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Plugin } from '../index.js';
import { tyk, tykDeclaration } from '../lib/tyk.js';
import { answer, load, run } from './frames.js';

async function call(hook, dispatch, params = {}) {
  const plugin = new Plugin().hook('h', tykDeclaration(hook), tyk(dispatch));
  return (await answer(plugin, [load({ tier: 'gold' }, hook), run({ hook_type: hook, ...params })])).result;
}

test('a request is seen as tyk shows it, and only changes come back', async () => {
  const got = await call('pre', (object) => {
    assert.equal(object.hook_type, 'Pre');
    assert.equal(object.request.headers['X-One'], '1');
    assert.equal(object.request.headers.Host, 'h');
    assert.equal(object.request.params.a, '1');
    assert.deepEqual(object.spec, { OrgID: 'acme', APIID: 'a', bundle_hash: '', config_data: '{"tier":"gold"}' });
    object.request.headers['X-One'] = 'not read back';
    object.request.set_headers['X-Two'] = '2';
    return object;
  });
  assert.deepEqual(got, { action: 'continue', request: { set_headers: { 'X-Two': '2' } } });
});

test('overrides respond', async () => {
  const got = await call('post', (object) => { object.request.return_overrides.response_code = 402; });
  assert.equal(got.action, 'respond');
  assert.equal(got.request.return_overrides.response_error, 'Key not authorised');
});

test('a token admits, and none denies', async () => {
  const admitted = await call('auth', (object) => {
    object.session.rate = 10;
    object.metadata.token = 'k1';
  });
  assert.deepEqual(admitted.session, { rate: 10, key_id: 'k1', metadata: { token: 'k1' } });
  assert.equal(admitted.action, 'allow');
  const denied = await call('auth', () => {});
  assert.equal(denied.action, 'deny');
  assert.equal(denied.request.return_overrides.response_error, 'Forbidden');
});

test('metadata is merged and keeps its types', async () => {
  const got = await call('post', (object) => {
    assert.equal(object.metadata.plan, '{"n":1}');
    object.metadata.new = 'y';
  }, { session: { key_id: 'k', metadata: { plan: { n: 1 } } } });
  assert.deepEqual(got.session, { metadata: { plan: { n: 1 }, new: 'y' } });
});

test('headers of a reply are merged', async () => {
  const got = await call('response', ({ response }) => {
    response.headers.A = '0';
    response.headers.D = 'new';
    delete response.headers.B;
    response.status_code = 201;
    response.raw_body = Buffer.from('c');
  }, { response: { status_code: 200, header_list: [['A', '1'], ['A', '2'], ['B', '1'], ['C', '1']], body: 'b' } });
  assert.deepEqual(got.response, {
    status_code: 201, body: 'c', delete_headers: ['B'], set_headers: { A: ['0', '2'], D: ['new'] },
  });
});
