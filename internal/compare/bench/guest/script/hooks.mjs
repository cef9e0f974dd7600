// The four hooks of the benchmark as a Node process.
import { Plugin, allow, edit, editReply, refuse } from './sdk/index.js';

// A process can keep the keys in its own memory.
const tenants = new Map([['acme.0123456789abcdef', 'acme']]);

const tokenOf = (call) => (call.request.header('authorization') ?? '').split(' ').pop();

const credentials = { headers: ['authorization', 'user-agent'], writes: ['headers'] };

new Plugin('bench')
  // Two fields read, two set, one removed.
  .hook('headers', { ...credentials, hooks: ['pre'] }, (call) => edit({
    set_headers: { 'X-Tenant': tokenOf(call).split('.')[0], 'X-Agent': call.request.header('user-agent') ?? '' },
    delete_headers: ['X-Debug'],
  }))
  // A body read, one member changed, two fields set.
  .hook('json', { hooks: ['post'], headers: [], body: 'utf8', writes: ['headers', 'body'] }, (call) => {
    const order = JSON.parse(call.request.body);
    const { id, status } = order;
    order.status = 'seen';
    return edit({ set_headers: { 'X-Order': id, 'X-Status': status }, body: JSON.stringify(order) });
  })
  // The tenant of the key is looked up.
  .hook('auth', { ...credentials, hooks: ['auth'], writes: ['headers', 'session'] }, (call) => {
    const tenant = tenants.get(tokenOf(call));
    if (tenant === undefined) return refuse(401, 'unknown key');
    return allow({ key_id: tenant }, { set_headers: { 'X-Tenant': tenant } });
  })
  // One field set, one removed, one member of the body changed.
  .hook('response', { hooks: ['response'], headers: [], body: 'utf8', writes: ['headers', 'body'] }, (call) => {
    const body = JSON.parse(call.response.body);
    body.status = 'seen';
    return editReply({
      set_headers: { 'X-Rewritten': '1' }, delete_headers: ['X-Powered-By'], body: JSON.stringify(body),
    });
  })
  .main();
