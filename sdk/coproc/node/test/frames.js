// The frames of a session, and the answers to them.

export const ready = { method: 'initialized' };
export const hello = { id: 1, method: 'initialize', params: { protocol: ['0.9', '1.0'], limits: { max_message_bytes: 65536 } } };

export function load(config, hook = 'pre') {
  const hooks = [{ hook_type: hook, hook_name: 'h' }];
  return { id: 2, method: 'api/load', params: { api_id: 'a', generation: 1, org_id: 'acme', hooks, config_data: config } };
}

export function run(params = {}, id = 3) {
  return { id, method: 'dispatch', params: {
    hook_type: 'pre', hook_name: 'h', api_id: 'a', generation: 1, deadline_ms: 60000,
    request: { method: 'GET', url: '/x?a=1&a=2', host: 'h', header_list: [['X-One', '1'], ['x-one', '2']] },
    ...params,
  } };
}

export const encoded = (frames) => frames.map((frame) => JSON.stringify({ jsonrpc: '2.0', ...frame }) + '\n').join('');

// play plays frames and returns the answers, and notifications as they come.
export async function play(plugin, ...frames) {
  let out = '';
  await plugin.play(encoded(frames), (text) => { out += text; });
  return out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

// answer plays a session and returns the answer with an id.
export async function answer(plugin, frames, id = 3) {
  return (await play(plugin, hello, ready, ...frames)).find((message) => message.id === id);
}
