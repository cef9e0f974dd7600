import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Overloaded, Plugin, Unavailable, edit } from '../index.js';
import { answer, encoded, hello, load, play, ready, run } from './frames.js';

const pluginOf = (handler, declaration = { hooks: ['pre'] }) => new Plugin('test').hook('h', declaration, handler);

// quiet runs something whose errors would be printed.
async function quiet(run) {
  const print = console.error;
  console.error = () => {};
  try {
    return await run();
  } finally {
    console.error = print;
  }
}

test('a declaration is split by mode', async () => {
  const plugin = pluginOf(() => {}, { hooks: ['pre', 'auth'], headers: ['x'], writes: ['headers'], max_body: 5 });
  const { handlers } = (await answer(plugin, [], 1)).result;
  assert.deepEqual(handlers, [
    { hook_name: 'h', hook_types: ['pre'], mode: 'augment', headers: ['x'], body: 'none', writes: ['headers'], max_body: 5 },
    { hook_name: 'h', hook_types: ['auth'], mode: 'replace', headers: ['x'], body: 'none', writes: ['headers'], max_body: 5 },
  ]);
});

test('unknown words in a declaration are refused', () => {
  for (const declaration of [{ hooks: ['later'] }, { hooks: ['pre'], writes: ['x'] }, { hooks: ['pre'], body: 'x' }, { hooks: [] }, { hooks: ['pre'], write: [] }]) {
    assert.throws(() => pluginOf(() => {}, declaration), TypeError);
  }
  assert.throws(() => pluginOf(() => {}).hook('h', { hooks: ['pre'] }, () => {}), /two handlers/);
});

test('a handler sees the call', async () => {
  let seen;
  await answer(pluginOf((call) => {
    seen = [call.hook, call.api.config, call.request.header('x-ONE'), call.request.headerValues('X-One'), call.meta, call.session, call.request.body.length];
  }), [load({ k: 'v' }), run({ meta: { m: '1' } })]);
  assert.deepEqual(seen, ['pre', { k: 'v' }, '1', ['1', '2'], { m: '1' }, undefined, 0]);
});

test('nothing continues, but is no verdict in auth', async () => {
  assert.deepEqual((await answer(pluginOf(() => {}), [load(), run()])).result, { action: 'continue' });
  const plugin = pluginOf(() => {}, { hooks: ['auth'] });
  const got = await quiet(() => answer(plugin, [load({}, 'auth'), run({ hook_type: 'auth' })]));
  assert.equal(got.error.code, -32603);
});

test('whatever a handler throws is an answer', async () => {
  const circle = {};
  circle.circle = circle;
  for (const handler of [() => { throw new Error('boom'); }, async () => { throw new Error('boom'); }, () => 7, () => circle, () => ({ n: 1n }), () => { throw undefined; }]) {
    const got = await quiet(() => answer(pluginOf(handler), [load(), run()]));
    assert.equal(got.error.code, -32603);
  }
});

test('failures have their codes', async () => {
  for (const [failure, want] of [
    [new Unavailable('no redis'), { code: 4006, message: 'no redis' }],
    [new Overloaded(20), { code: 4004, message: 'overloaded', data: { retry_after_ms: 20 } }],
  ]) {
    const got = await answer(pluginOf(async () => { throw failure; }), [load(), run()]);
    assert.deepEqual(got.error, want);
  }
});

const hang = ({ signal }) => new Promise((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
});

test('a deadline aborts the signal', async () => {
  const got = await answer(pluginOf(hang), [load(), run({ deadline_ms: 1 })]);
  assert.equal(got.error.code, -32800);
});

test('a cancel aborts the signal', async () => {
  const got = await answer(pluginOf(hang), [load(), run(), { method: 'cancel', params: { id: 3 } }]);
  assert.equal(got.error.code, -32800);
});

test('a large answer is a failure', async () => {
  const got = await answer(pluginOf(() => edit({ body: 'x'.repeat(70000) })), [load(), run()]);
  assert.match(got.error.message, /exceeds what the gateway takes/);
});

test('a log line is joined with the request', async () => {
  const plugin = pluginOf((call) => call.log('warn', 'slow', { ms: 7 }));
  const got = (await play(plugin, hello, ready, load(), run({ request_id: '9f' }))).find((message) => message.method);
  assert.deepEqual(got.params, { level: 'warn', msg: 'slow', attrs: { ms: 7 }, request_id: '9f' });
});

test('onLoad refuses an api', async () => {
  const plugin = pluginOf(() => {}).onLoad(async (api) => { throw new Error(`k is ${api.config.k}`); });
  await quiet(async () => {
    assert.equal((await answer(plugin, [load({ k: 1 })], 2)).error.message, 'Error: k is 1');
    assert.equal((await answer(plugin, [load({ k: 1 }), run()])).error.code, 4003);
  });
});

test('onUnload is told once', async () => {
  const gone = [];
  const plugin = pluginOf(() => {}).onUnload((api) => { gone.push(api.id); });
  const unload = { id: 4, method: 'api/unload', params: { api_id: 'a', generation: 1 } };
  await answer(plugin, [load(), unload, { ...unload, id: 5 }]);
  assert.deepEqual(gone, ['a']);
});

// A program of ours has pipes as the gateway's have; what Node starts has
// sockets, which cannot be opened once more.
const pipes = ['sh', ['-c', '{ "$0" "$@" 2>&1 1>&3 | cat >&2; } 3>&1 | cat']];

// program starts a program as the gateway does, sends frames and closes stdin
// when there are so many lines. start is what starts it.
async function program(handler, frames, wait, [start, words] = ['env', []]) {
  const index = new URL('../index.js', import.meta.url).href;
  const text = `import fs from 'node:fs'; import { execSync } from 'node:child_process';
    import { Plugin } from ${JSON.stringify(index)};
    new Plugin('p', { grace: 100 }).hook('h', { hooks: ['pre'] }, ${handler}).main();`;
  const child = spawn(start, [...words, process.execPath, '--input-type=module', '-e', text]);
  let [out, errors] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
    if (out.split('\n').length > wait) child.stdin.end();
  });
  child.stderr.on('data', (data) => { errors += data; });
  child.stdin.write(encoded(frames));
  const [code] = await once(child, 'close');
  return { lines: out.trimEnd().split('\n'), errors, code };
}

test('descriptor 1 is stderr', { skip: process.platform !== 'linux' }, async () => {
  const handler = `() => {
    console.log('from console');
    fs.writeSync(1, 'from the descriptor\\n');
    execSync('echo from a program', { stdio: 'inherit' });
  }`;
  const { lines, errors } = await program(handler, [hello, ready, load(), run()], 3, pipes);
  assert.equal(lines.length, 3);
  for (const text of ['from console', 'from the descriptor', 'from a program']) assert.ok(errors.includes(text), text);
});

test('what javascript prints is kept from the protocol wherever stdout leads', async () => {
  const handler = `() => { console.log('from console'); process.stdout.write('from the stream\\n'); }`;
  const { lines, errors, code } = await program(handler, [hello, ready, load(), run()], 3);
  assert.equal(code, 0);
  assert.equal(lines.length, 3);
  for (const text of ['from console', 'from the stream']) assert.ok(errors.includes(text), text);
});

test('a promise that never settles does not keep the process', async () => {
  const { code } = await program('() => new Promise(() => { setInterval(() => {}, 1000); })', [hello, ready, load(), run()], 2);
  assert.equal(code, 0);
});
